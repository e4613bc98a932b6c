-- telling of ends.
SELECT batch_no, counted FROM task_batch_members WHERE task_id = ?1

-- telling of ends.
UPDATE task_batch_members SET counted = ?2 WHERE task_id = ?1

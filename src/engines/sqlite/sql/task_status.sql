-- telling of ends, insert, retry.
SELECT status FROM task_states WHERE task_id = ?1

-- remove, prune.
DELETE FROM task_logs WHERE task_id = ?1

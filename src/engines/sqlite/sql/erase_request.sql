-- remove, prune.
DELETE FROM task_requests WHERE task_id = ?1

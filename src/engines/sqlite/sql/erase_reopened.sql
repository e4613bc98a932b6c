-- remove, prune.
DELETE FROM task_reopened WHERE task_id = ?1

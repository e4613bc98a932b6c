-- remove, prune.
DELETE FROM task_edits WHERE task_id = ?1

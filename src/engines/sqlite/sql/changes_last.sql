-- changes: the newest.
SELECT max(seq) FROM task_changes

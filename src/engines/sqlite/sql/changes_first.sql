-- changes: the oldest that is still there.
SELECT min(seq) FROM task_changes

-- remove, prune: what the task waited for.
DELETE FROM task_dependencies WHERE child_id = ?1

-- telling of ends.
SELECT child_id FROM task_dependencies WHERE parent_id = ?1 ORDER BY child_id LIMIT ?2

-- telling of ends.
DELETE FROM task_dependencies WHERE parent_id = ?1 AND child_id = ?2

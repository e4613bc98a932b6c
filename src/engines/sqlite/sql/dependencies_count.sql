-- telling of ends: what the task still waits for.
SELECT count(*) FROM task_dependencies WHERE child_id = ?1

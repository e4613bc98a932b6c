-- telling of ends: those of these tasks that exist.
SELECT task_id FROM esteira.task_requests WHERE task_id = ANY ($1)

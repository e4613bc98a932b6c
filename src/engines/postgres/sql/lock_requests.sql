-- retry, remove, edit: one such change of a task at a time.
SELECT task_id FROM esteira.task_requests WHERE task_id = ANY ($1) ORDER BY task_id FOR UPDATE

-- edit: the task's order is locked.
UPDATE esteira.task_requests SET terms = jsonb_set(coalesce(terms, '{}'), '{encrypted}', 'true')
WHERE task_id = $1

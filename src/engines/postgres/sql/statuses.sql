-- cancel, retry, remove, edit: where these tasks stand.
SELECT task_id, status, type_id, priority, attempt, unique_key,
       (SELECT r.terms FROM esteira.task_requests r WHERE r.task_id = tasks.task_id)
FROM esteira.tasks
WHERE task_id = ANY ($1)

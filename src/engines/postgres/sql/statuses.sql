-- cancel, retry, remove, edit: where these tasks stand.
SELECT task_id, status, type_id, priority, attempt, unique_key FROM esteira.tasks
WHERE task_id = ANY ($1)

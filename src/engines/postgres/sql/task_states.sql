-- task_states: what of these tasks changes.
SELECT task_id, type, status, attempt, priority, retries, worker, progress, scheduled_for,
       updated_at
FROM esteira.tasks
WHERE task_id = ANY ($1)
ORDER BY task_id

-- task, tasks, edit: the view's rows of these tasks, if they have the status.
SELECT task_id, type, status, priority, retries, max_retries, attempt, payload, result,
       error_message, scheduled_for, started_at, completed_at, created_at, updated_at, crashes,
       progress, tags, unique_key, worker, traceparent,
       (SELECT r.terms FROM esteira.task_requests r WHERE r.task_id = tasks.task_id)
FROM esteira.tasks
WHERE task_id = ANY ($1) AND status = coalesce($2, status)
ORDER BY task_id DESC

-- executions: the ended attempts, then the running one.
SELECT execution_id, attempt, status, started_at, completed_at, error_message, metadata
FROM esteira.task_executions WHERE task_id = $1
UNION ALL
SELECT task_id * 65536 + attempt, attempt, 'PROCESSING', started_at, NULL, NULL, NULL
FROM esteira.task_running WHERE task_id = $1
ORDER BY attempt

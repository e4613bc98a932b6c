-- promotion: when the next scheduled task becomes due.
SELECT run_at FROM esteira.task_scheduled ORDER BY run_at, task_id LIMIT 1

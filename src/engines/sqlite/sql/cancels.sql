-- cancel_requests: rows go when their attempt ends, so each is of a running task.
SELECT task_id, attempt FROM task_cancels ORDER BY task_id LIMIT 10000

-- cancel_requests: the running attempts that are asked to stop.
SELECT c.task_id, c.attempt FROM esteira.task_cancels c
JOIN esteira.task_running r ON r.task_id = c.task_id AND r.attempt = c.attempt
LIMIT 10000

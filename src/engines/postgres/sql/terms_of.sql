-- replace, expire_waiting: what is said of these tasks beyond their orders.
SELECT task_id, terms FROM esteira.task_requests WHERE task_id = ANY ($1) AND terms IS NOT NULL

-- retry, replace: what is said of a task beyond its order.
SELECT terms FROM task_requests WHERE task_id = ?1

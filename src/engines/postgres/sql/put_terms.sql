-- replace, retry: the task's order is locked.
UPDATE esteira.task_requests SET terms = $2 WHERE task_id = $1

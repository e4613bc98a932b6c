-- finish, renewals, claims of running tasks.
SELECT 1 FROM task_cancels WHERE task_id = ?1 AND attempt = ?2

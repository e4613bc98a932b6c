-- finish: the attempt has ended.
DELETE FROM task_cancels WHERE task_id = ?1 AND attempt = ?2

-- retry, replace.
UPDATE task_requests SET terms = ?2 WHERE task_id = ?1

-- telling of ends: no change of these tasks meanwhile; what others hold is passed over. Those may
-- go on that only keep a task from being deleted.
SELECT task_id FROM esteira.task_requests WHERE task_id = ANY ($1)
ORDER BY task_id FOR NO KEY UPDATE SKIP LOCKED

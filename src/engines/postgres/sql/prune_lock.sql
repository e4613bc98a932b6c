-- prune: locks what is due; what another process removes or reopens is passed over.
SELECT task_id FROM esteira.task_requests WHERE task_id = ANY ($1)
ORDER BY task_id FOR UPDATE SKIP LOCKED

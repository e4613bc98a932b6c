-- cancel: locks the leases that hold these tasks.
SELECT lease_id FROM esteira.task_leases WHERE task_ids && $1 ORDER BY lease_id, part FOR UPDATE

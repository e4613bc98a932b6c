-- claims_of: there are few leases.
SELECT lease_id, part, expires_at_us, claimed_at_us, worker, previous_worker, tasks
FROM task_leases WHERE worker = ?1

-- remove, prune: what runs, to take deleted tasks off its lists.
SELECT lease_id, part, expires_at_us, claimed_at_us, worker, previous_worker, tasks
FROM task_leases

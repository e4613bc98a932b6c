-- take_expired: page by page; what was taken has another expiry.
SELECT lease_id, part, expires_at_us, claimed_at_us, worker, previous_worker, tasks
FROM task_leases WHERE expires_at_us < ?1 ORDER BY expires_at_us LIMIT ?2

-- finish, notes, renewals: under the write lock, which is the lock of every lease.
SELECT lease_id, part, expires_at_us, claimed_at_us, worker, previous_worker, tasks
FROM task_leases WHERE lease_id = ?1 ORDER BY part

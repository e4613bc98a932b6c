-- renewals that split: what stays in this part, renewed. SQLite writes a row whole whatever
-- changes in it, so taking the others off its list costs nothing more.
UPDATE task_leases SET expires_at_us = ?3, tasks = ?4 WHERE lease_id = ?1 AND part = ?2

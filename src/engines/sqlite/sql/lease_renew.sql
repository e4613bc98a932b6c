-- renewals.
UPDATE task_leases SET expires_at_us = ?3 WHERE lease_id = ?1 AND part = ?2

-- claim, renewals that split, take_expired.
INSERT INTO task_leases (lease_id, part, expires_at_us, claimed_at_us, worker, previous_worker,
  tasks)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)

-- finish: already applied, or stale.
SELECT lease_id FROM task_attempts WHERE execution_id = (?1 << 16) + ?2

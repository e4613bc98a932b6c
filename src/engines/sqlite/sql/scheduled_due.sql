-- has_ready: due, but not promoted yet.
SELECT 1 FROM task_scheduled WHERE run_at_us <= ?2 AND type_id = ?1 LIMIT 1

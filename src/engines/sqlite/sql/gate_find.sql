-- claim: a gated type's policy and its gate.
SELECT t.type_id, t.name, t.description, t.created_at_us, t.updated_at_us, t.paused, t.max_retries,
  t.timeout_us, t.back_off_base_us, t.back_off_factor, t.back_off_cap_us, t.back_off_jitter,
  t.payload_schema, t.retention_completed_us, t.retention_failed_us, t.retention_cancelled_us,
  t.concurrency, t.rate, t.flow, t.gated, g.breaker,
  (SELECT count(*) FROM task_slots s WHERE s.type_id = t.type_id AND s.running),
  g.cursor, g.taken, g.bucket_rate, g.bucket_credit, g.bucket_at_us
FROM task_types t LEFT JOIN task_gates g ON g.type_id = t.type_id
WHERE t.type_id = ?1

-- put_type: by name; what exists keeps its type_id and created_at.
INSERT INTO esteira.task_types AS t (
  name, description, created_at, paused, max_retries, timeout_us, back_off_base_us,
  back_off_factor, back_off_cap_us, back_off_jitter, payload_schema, retention_completed_us,
  retention_failed_us, retention_cancelled_us, concurrency, rate, flow, gated)
VALUES ($2, $3, $1, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
ON CONFLICT (name) DO UPDATE SET
  description = excluded.description, updated_at = $1, paused = excluded.paused,
  max_retries = excluded.max_retries, timeout_us = excluded.timeout_us,
  back_off_base_us = excluded.back_off_base_us, back_off_factor = excluded.back_off_factor,
  back_off_cap_us = excluded.back_off_cap_us, back_off_jitter = excluded.back_off_jitter,
  payload_schema = excluded.payload_schema,
  retention_completed_us = excluded.retention_completed_us,
  retention_failed_us = excluded.retention_failed_us,
  retention_cancelled_us = excluded.retention_cancelled_us,
  concurrency = excluded.concurrency, rate = excluded.rate, flow = excluded.flow,
  gated = t.gated OR excluded.gated
RETURNING t.type_id, t.name, t.description, t.created_at, t.updated_at, t.paused, t.max_retries,
  t.timeout_us, t.back_off_base_us, t.back_off_factor, t.back_off_cap_us, t.back_off_jitter,
  t.payload_schema, t.retention_completed_us, t.retention_failed_us, t.retention_cancelled_us,
  t.concurrency, t.rate, t.flow, t.gated,
  (SELECT g.breaker FROM esteira.task_gates g WHERE g.type_id = t.type_id)

-- put_type: inserts by name, or replaces all but name, type_id and created_at.
INSERT INTO task_types (name, description, created_at_us, paused, max_retries, timeout_us,
  back_off_base_us, back_off_factor, back_off_cap_us, back_off_jitter, payload_schema,
  retention_completed_us, retention_failed_us, retention_cancelled_us, concurrency, rate,
  flow, gated)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
ON CONFLICT (name) DO UPDATE SET
  description = excluded.description,
  updated_at_us = excluded.created_at_us,
  paused = excluded.paused,
  max_retries = excluded.max_retries,
  timeout_us = excluded.timeout_us,
  back_off_base_us = excluded.back_off_base_us,
  back_off_factor = excluded.back_off_factor,
  back_off_cap_us = excluded.back_off_cap_us,
  back_off_jitter = excluded.back_off_jitter,
  payload_schema = excluded.payload_schema,
  retention_completed_us = excluded.retention_completed_us,
  retention_failed_us = excluded.retention_failed_us,
  retention_cancelled_us = excluded.retention_cancelled_us,
  concurrency = excluded.concurrency,
  rate = excluded.rate,
  flow = excluded.flow,
  gated = max(gated, excluded.gated)

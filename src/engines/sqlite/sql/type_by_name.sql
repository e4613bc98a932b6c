-- put_type: the row as stored.
SELECT type_id, name, description, created_at_us, updated_at_us, paused, max_retries, timeout_us,
  back_off_base_us, back_off_factor, back_off_cap_us, back_off_jitter, payload_schema,
  retention_completed_us, retention_failed_us, retention_cancelled_us, concurrency, rate, flow,
  gated
FROM task_types WHERE name = ?1

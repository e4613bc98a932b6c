-- types
SELECT type_id, name, description, created_at, updated_at, paused, max_retries, timeout_us,
       back_off_base_us, back_off_factor, back_off_cap_us, back_off_jitter, payload_schema,
       retention_completed_us, retention_failed_us, retention_cancelled_us, concurrency, rate,
       flow, gated
FROM esteira.task_types ORDER BY name

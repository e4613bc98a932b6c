-- types
SELECT t.type_id, t.name, t.description, t.created_at, t.updated_at, t.paused, t.max_retries,
       t.timeout_us, t.back_off_base_us, t.back_off_factor, t.back_off_cap_us, t.back_off_jitter,
       t.payload_schema, t.retention_completed_us, t.retention_failed_us,
       t.retention_cancelled_us, t.concurrency, t.rate, t.flow, t.gated, g.breaker
FROM esteira.task_types t LEFT JOIN esteira.task_gates g ON g.type_id = t.type_id
ORDER BY t.name

-- claim: the policies of gated types, what runs of them, and how far their gates stand.
SELECT t.type_id, t.name, t.description, t.created_at, t.updated_at, t.paused, t.max_retries,
       t.timeout_us, t.back_off_base_us, t.back_off_factor, t.back_off_cap_us, t.back_off_jitter,
       t.payload_schema, t.retention_completed_us, t.retention_failed_us,
       t.retention_cancelled_us, t.concurrency, t.rate, t.flow, t.gated, g.breaker,
       (SELECT count(*) FROM esteira.task_slots s WHERE s.type_id = t.type_id AND s.running),
       g.cursor, g.taken, g.bucket_rate, g.bucket_credit, g.bucket_at
FROM esteira.task_types t JOIN esteira.task_gates g ON g.type_id = t.type_id
WHERE t.type_id = ANY ($1) AND t.gated AND NOT t.paused
ORDER BY t.type_id

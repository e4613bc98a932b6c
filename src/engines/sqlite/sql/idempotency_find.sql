-- insert.
SELECT hash, task_id, created_at_us FROM idempotency_keys WHERE idempotency_key = ?1

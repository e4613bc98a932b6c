-- insert, in the transaction of the task.
INSERT INTO idempotency_keys (idempotency_key, hash, task_id, created_at_us) VALUES (?1, ?2, ?3, ?4)

-- create_batch.
INSERT INTO task_batches (batch_id, created_at_us) VALUES (?1, ?2)

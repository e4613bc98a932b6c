-- create_batch: no row where there is one.
INSERT INTO esteira.task_batches (batch_id, created_at) VALUES ($1, $2)
ON CONFLICT (batch_id) DO NOTHING RETURNING batch_no

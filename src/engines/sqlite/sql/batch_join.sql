-- insert: one more task; the batch is made where there is none.
INSERT INTO task_batches (batch_id, created_at_us, pending) VALUES (?1, ?2, 1)
ON CONFLICT (batch_id) DO UPDATE SET pending = pending + 1
RETURNING batch_no, closed_at_us

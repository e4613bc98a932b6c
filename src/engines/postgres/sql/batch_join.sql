-- insert: so many tasks more; the batch is made where there is none.
INSERT INTO esteira.task_batches AS b (batch_id, created_at, pending) VALUES ($1, $2, $3)
ON CONFLICT (batch_id) DO UPDATE SET pending = b.pending + excluded.pending
RETURNING batch_no, closed_at

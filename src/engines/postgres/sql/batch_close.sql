-- close_batch, cancel_batch: it keeps its first time.
UPDATE esteira.task_batches SET closed_at = coalesce(closed_at, $2) WHERE batch_no = $1

-- close_batch, cancel_batch: it keeps its first time.
UPDATE task_batches SET closed_at_us = coalesce(closed_at_us, ?2) WHERE batch_no = ?1

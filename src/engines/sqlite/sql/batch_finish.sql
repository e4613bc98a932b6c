-- telling of ends, close_batch.
UPDATE task_batches SET finished_at_us = ?2
WHERE batch_no = ?1 AND pending = 0 AND closed_at_us IS NOT NULL AND finished_at_us IS NULL

-- telling of ends: a task of a batch that had ended waits again.
UPDATE task_batches SET finished_at_us = NULL
WHERE batch_no = ?1 AND pending > 0 AND finished_at_us IS NOT NULL

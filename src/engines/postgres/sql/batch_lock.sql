-- close_batch, retry_batch.
SELECT batch_no FROM esteira.task_batches WHERE batch_id = $1 FOR UPDATE

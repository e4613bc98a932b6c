-- create_batch.
UPDATE task_batches SET finish_task_id = ?2 WHERE batch_no = ?1

-- batch.
SELECT batch_no, batch_id, created_at_us, closed_at_us, finished_at_us, finish_task_id, pending,
  completed, failed, cancelled
FROM task_batches WHERE batch_id = ?1

-- batch.
SELECT batch_no, batch_id, created_at, closed_at, finished_at, finish_task_id, pending, completed,
       failed, cancelled
FROM esteira.task_batches WHERE batch_id = $1

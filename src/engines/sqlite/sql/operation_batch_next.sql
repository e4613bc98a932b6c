-- work_operation.
SELECT batch, task_ids FROM task_operation_batches WHERE operation_id = ?1 ORDER BY batch LIMIT 1

-- work_operation: the next batch, which goes with its transaction.
DELETE FROM esteira.task_operation_batches b
WHERE b.operation_id = $1
  AND b.batch = (SELECT min(n.batch) FROM esteira.task_operation_batches n
                 WHERE n.operation_id = $1)
RETURNING b.task_ids

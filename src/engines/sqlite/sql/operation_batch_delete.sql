-- work_operation: it is done.
DELETE FROM task_operation_batches WHERE operation_id = ?1 AND batch = ?2

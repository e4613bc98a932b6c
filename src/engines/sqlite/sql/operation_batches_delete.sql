-- work_operation: the operation has failed.
DELETE FROM task_operation_batches WHERE operation_id = ?1

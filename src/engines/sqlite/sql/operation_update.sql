-- work_operation: its progress, in the transaction of the batch.
UPDATE task_operations SET status = ?2, done = ?3, applied = ?4, skipped = ?5, error_message = ?6,
  updated_at_us = ?7, completed_at_us = ?8
WHERE operation_id = ?1

-- tasks: candidates that were cancelled, by the partial index.
SELECT execution_id >> 16 FROM task_attempts
WHERE ends_task = 1 AND status <> 'COMPLETED' AND (status = 'CANCELLED') = 1
  AND execution_id < ?1 << 16
ORDER BY execution_id DESC

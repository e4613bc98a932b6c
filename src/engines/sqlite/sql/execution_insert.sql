-- finish, cancel: no change means that the attempt has ended before.
INSERT INTO task_attempts (execution_id, status, ends_task, started_at_us, completed_at_us,
  retries, crashes, retry_at_us, lease_id, worker, error_message, metadata, result)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
ON CONFLICT DO NOTHING

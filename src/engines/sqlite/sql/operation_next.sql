-- work_operation: the oldest that runs, or ?1 if it runs.
SELECT operation_id, action, filter_status, filter_type, filter_tag, filter_created_after_us,
  filter_created_before_us, status, matched, done, applied, skipped, error_message, created_at_us,
  updated_at_us, completed_at_us
FROM task_operations WHERE status = 'RUNNING' AND (?1 IS NULL OR operation_id = ?1)
ORDER BY operation_id LIMIT 1

-- work_operation: the oldest that runs, or $1 if it runs; what another process works at is passed
-- over.
SELECT operation_id, action, filter_status, filter_type, filter_tag, filter_created_after,
       filter_created_before, status, matched, done, applied, skipped, error_message, created_at,
       updated_at, completed_at
FROM esteira.task_operations
WHERE status = 'RUNNING' AND operation_id = coalesce($1, operation_id)
ORDER BY operation_id LIMIT 1 FOR UPDATE SKIP LOCKED

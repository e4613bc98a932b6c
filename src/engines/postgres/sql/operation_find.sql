-- operation
SELECT operation_id, action, filter_status, filter_type, filter_tag, filter_created_after,
       filter_created_before, status, matched, done, applied, skipped, error_message, created_at,
       updated_at, completed_at
FROM esteira.task_operations WHERE operation_id = $1

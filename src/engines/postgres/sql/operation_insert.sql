-- start_operation
INSERT INTO esteira.task_operations (action, filter_status, filter_type, filter_tag,
                                     filter_created_after, filter_created_before, status, matched,
                                     done, applied, skipped, created_at, updated_at, completed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, 0, $9, $9, $10)
RETURNING operation_id

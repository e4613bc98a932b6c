-- executions: what ended, then what runs, from its lease.
SELECT execution_id, status, started_at_us, completed_at_us, error_message, metadata
FROM task_attempts WHERE execution_id BETWEEN ?1 << 16 AND (?1 << 16) + 65535
UNION ALL
SELECT (?1 << 16) + attempt, status, started_at_us, NULL, NULL, NULL
FROM task_details WHERE task_id = ?1 AND status = 'PROCESSING'
ORDER BY 1

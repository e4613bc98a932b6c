-- log_lines
SELECT attempt, line, at, level, text FROM esteira.task_logs
WHERE task_id = $1 ORDER BY attempt, line

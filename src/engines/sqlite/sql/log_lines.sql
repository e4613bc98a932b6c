-- log_lines.
SELECT attempt, line, at_us, level, text FROM task_logs WHERE task_id = ?1 ORDER BY attempt, line

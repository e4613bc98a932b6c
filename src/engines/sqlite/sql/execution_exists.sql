-- Whether an attempt has ended.
SELECT 1 FROM task_attempts WHERE execution_id = (?1 << 16) + ?2

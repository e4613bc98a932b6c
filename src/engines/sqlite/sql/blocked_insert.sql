-- insert, retry, edit: a waiting task that may not run before others have ended.
INSERT INTO task_blocked (type_id, priority, run_at_us, task_id, retries, crashes, attempt, flags)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)

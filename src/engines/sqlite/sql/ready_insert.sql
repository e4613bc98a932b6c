-- insert, finish, retry, edit: a waiting task that is due.
INSERT INTO task_ready (type_id, priority, run_at_us, task_id, retries, crashes, attempt, flags)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)

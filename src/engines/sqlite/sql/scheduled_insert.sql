-- insert, finish, edit: a waiting task of the future.
INSERT INTO task_scheduled (type_id, priority, run_at_us, task_id, retries, crashes, attempt, flags)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)

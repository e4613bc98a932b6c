-- cancel of a running task.
INSERT INTO task_cancels (task_id, attempt) VALUES (?1, ?2) ON CONFLICT DO NOTHING

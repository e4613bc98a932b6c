-- insert, replace, expire_waiting: when the sweep looks at the task.
INSERT INTO task_expiries (look_at_us, task_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING

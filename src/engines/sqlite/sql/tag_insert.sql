-- insert, edit.
INSERT INTO task_tags (tag, task_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING

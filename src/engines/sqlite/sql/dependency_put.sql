-- insert, retry.
INSERT INTO task_dependencies (parent_id, child_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING

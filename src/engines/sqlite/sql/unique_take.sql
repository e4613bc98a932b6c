-- insert, retry: no change means that another task holds the key.
INSERT INTO task_unique (type_id, unique_key, task_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING

-- insert, edit, replace: the data key of one task.
INSERT INTO task_ciphers (task_id, key_id, wrapped) VALUES (?1, ?2, ?3)
ON CONFLICT (task_id) DO UPDATE SET key_id = excluded.key_id, wrapped = excluded.wrapped

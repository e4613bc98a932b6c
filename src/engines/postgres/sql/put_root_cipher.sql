-- put_root_cipher: the first stays.
INSERT INTO esteira.task_ciphers (task_id, key_id, wrapped) VALUES (0, $1, $2)
ON CONFLICT (task_id) DO NOTHING

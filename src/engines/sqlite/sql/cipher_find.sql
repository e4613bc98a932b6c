-- task_ciphers
SELECT key_id, wrapped FROM task_ciphers WHERE task_id = ?1

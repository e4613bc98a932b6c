-- ciphers_under
SELECT task_id, wrapped FROM task_ciphers WHERE key_id = ?1 AND task_id > ?2 ORDER BY task_id LIMIT ?3

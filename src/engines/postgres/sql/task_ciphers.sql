-- task_ciphers
SELECT task_id, key_id, wrapped FROM esteira.task_ciphers WHERE task_id = ANY ($1)

-- replace: the new payload is plain.
DELETE FROM esteira.task_ciphers WHERE task_id = $1

-- rewrap: unless it was wrapped anew meanwhile, or has gone.
UPDATE task_ciphers SET key_id = ?3, wrapped = ?4 WHERE task_id = ?1 AND wrapped = ?2

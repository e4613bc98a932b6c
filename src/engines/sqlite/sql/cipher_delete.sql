-- remove, prune, replace.
DELETE FROM task_ciphers WHERE task_id = ?1

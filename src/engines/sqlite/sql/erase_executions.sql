-- remove, prune.
DELETE FROM task_attempts WHERE execution_id BETWEEN ?1 << 16 AND (?1 << 16) + 65535

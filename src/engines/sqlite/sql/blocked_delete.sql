-- telling of ends, cancel, remove, edit, expire_waiting.
DELETE FROM task_blocked WHERE task_id = ?1

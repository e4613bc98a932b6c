-- finish: a kept slot is no longer run in.
UPDATE task_slots SET running = 0 WHERE task_id = ?1

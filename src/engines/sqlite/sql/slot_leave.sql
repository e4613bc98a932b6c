-- finish: an attempt after which its task waits again gives its slot back, unless the slot is kept.
DELETE FROM task_slots WHERE task_id = ?1 AND NOT kept

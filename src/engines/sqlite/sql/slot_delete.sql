-- finish, cancel, remove: the task is over.
DELETE FROM task_slots WHERE task_id = ?1

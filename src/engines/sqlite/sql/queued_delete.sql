-- claim, cancel, remove, edit.
DELETE FROM task_queued WHERE task_id = ?1

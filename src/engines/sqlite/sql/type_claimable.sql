-- claim, has_ready.
SELECT 1 FROM task_types WHERE type_id = ?1 AND paused = 0

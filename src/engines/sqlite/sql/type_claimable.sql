-- claim, has_ready: whether the tasks of the type may start, and whether through a gate.
SELECT gated FROM task_types WHERE type_id = ?1 AND paused = 0

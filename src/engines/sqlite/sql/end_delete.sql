-- telling of ends.
DELETE FROM task_ends WHERE end_no = ?1

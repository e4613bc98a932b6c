-- telling of ends.
DELETE FROM esteira.task_ends WHERE end_no = ANY ($1)

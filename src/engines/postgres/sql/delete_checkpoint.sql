-- edit, replace: of a task that waits, and whose data key is another from now on.
DELETE FROM esteira.task_checkpoints WHERE task_id = $1

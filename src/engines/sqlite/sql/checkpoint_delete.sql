-- finish: the task has ended.
DELETE FROM task_checkpoints WHERE task_id = ?1

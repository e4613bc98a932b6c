-- claim, of tasks that were tried before.
SELECT state FROM task_checkpoints WHERE task_id = ?1

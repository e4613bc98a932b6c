-- finish: the task has ended.
DELETE FROM task_progress WHERE task_id = ?1

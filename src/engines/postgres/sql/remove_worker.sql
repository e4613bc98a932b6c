-- remove_worker
DELETE FROM esteira.task_workers WHERE name = $1

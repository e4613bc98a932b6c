-- command_worker
UPDATE esteira.task_workers SET command = $2 WHERE name = $1 RETURNING command

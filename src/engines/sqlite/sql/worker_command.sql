-- command_worker.
UPDATE task_workers SET command = ?2 WHERE name = ?1 RETURNING name

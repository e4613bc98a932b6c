-- workers
SELECT name, host, pid, version, types, slots, started_at, heartbeat_at, command
FROM esteira.task_workers ORDER BY name

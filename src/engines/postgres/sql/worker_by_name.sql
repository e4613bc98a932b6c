-- worker
SELECT name, host, pid, version, types, slots, started_at, heartbeat_at, command
FROM esteira.task_workers WHERE name = $1

-- workers.
SELECT name, host, pid, version, types, slots, started_at_us, heartbeat_at_us, command
FROM task_workers ORDER BY name

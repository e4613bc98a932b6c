-- put_worker
INSERT INTO esteira.task_workers (name, host, pid, version, types, slots, started_at, heartbeat_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (name) DO UPDATE SET
  host = excluded.host, pid = excluded.pid, version = excluded.version, types = excluded.types,
  slots = excluded.slots, started_at = excluded.started_at, heartbeat_at = excluded.heartbeat_at

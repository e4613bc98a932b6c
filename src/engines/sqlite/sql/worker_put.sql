-- put_worker.
INSERT INTO task_workers (name, host, pid, version, types, slots, started_at_us, heartbeat_at_us)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (name) DO UPDATE SET host = excluded.host, pid = excluded.pid,
  version = excluded.version, types = excluded.types, slots = excluded.slots,
  started_at_us = excluded.started_at_us, heartbeat_at_us = excluded.heartbeat_at_us

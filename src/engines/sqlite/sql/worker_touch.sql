-- touch_worker. Two heartbeats may come in the wrong order.
UPDATE task_workers SET heartbeat_at_us = max(heartbeat_at_us, ?2) WHERE name = ?1
RETURNING command

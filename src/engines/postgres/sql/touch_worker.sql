-- touch_worker. Two heartbeats may come in the wrong order.
UPDATE esteira.task_workers SET heartbeat_at = greatest(heartbeat_at, $2) WHERE name = $1
RETURNING command

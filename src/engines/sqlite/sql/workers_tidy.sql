-- maintain.
DELETE FROM task_workers WHERE heartbeat_at_us < ?1

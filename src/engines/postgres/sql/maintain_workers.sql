-- maintain: workers that have not been heard of for a day.
DELETE FROM esteira.task_workers WHERE heartbeat_at < $1 - interval '24 hours'

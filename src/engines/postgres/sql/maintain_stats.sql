-- maintain: statistics older than 30 days.
DELETE FROM esteira.task_stats_minute
WHERE measure IN ('execution', 'run', 'wait') AND minute < $1 - interval '30 days'

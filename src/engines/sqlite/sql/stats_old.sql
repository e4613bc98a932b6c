-- maintain: whether the oldest statistics of a measure are past their time (?1, microseconds).
SELECT 1 FROM task_stats_minute
WHERE measure IN ('execution', 'run', 'wait') AND minute < ?1 / 60000000 LIMIT 1

-- stats: the counters of the last minutes, by type, measure and bucket.
SELECT type_id, measure, bucket, sum(count)::bigint
FROM esteira.task_stats_minute
WHERE measure IN ('execution', 'run', 'wait') AND minute > $1 AND minute <= $2
GROUP BY type_id, measure, bucket ORDER BY type_id, measure, bucket

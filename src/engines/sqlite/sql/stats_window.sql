-- stats: the minutes after ?1, ordered as histogram_quantile wants its buckets.
SELECT measure, type_id, bucket, sum(count) FROM task_stats_minute
WHERE measure IN ('execution', 'run', 'wait') AND minute > ?1
GROUP BY measure, type_id, bucket ORDER BY measure, type_id, bucket

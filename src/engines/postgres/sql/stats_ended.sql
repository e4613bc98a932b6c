-- stats: how many tasks have ended, by how.
SELECT bucket, sum(count)::bigint FROM esteira.task_stats_minute WHERE measure = 'status'
GROUP BY bucket

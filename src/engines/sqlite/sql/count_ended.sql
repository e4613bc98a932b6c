-- stats: how many tasks stand ended, by TaskStatus.
SELECT bucket, sum(count) FROM task_stats_minute WHERE measure = 'status' AND minute = 0
GROUP BY bucket

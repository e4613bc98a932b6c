-- maintain: old counts of ended tasks are added up in the first minute of all, so that their sum
-- stays cheap.
WITH old AS MATERIALIZED (
  SELECT measure, minute, type_id, bucket, shard FROM esteira.task_stats_minute
  WHERE measure = 'status' AND minute > 'epoch' AND minute < $1 - interval '24 hours'
  ORDER BY minute LIMIT 10000 FOR UPDATE SKIP LOCKED
), gone AS (
  DELETE FROM esteira.task_stats_minute s USING old o
  WHERE s.measure = o.measure AND s.minute = o.minute AND s.type_id = o.type_id
    AND s.bucket = o.bucket AND s.shard = o.shard
  RETURNING s.type_id, s.bucket, s.count
)
INSERT INTO esteira.task_stats_minute AS s (measure, minute, type_id, bucket, shard, count, sum_us)
SELECT 'status', 'epoch', type_id, bucket, 0, sum(count), 0 FROM gone
GROUP BY type_id, bucket ORDER BY type_id, bucket
ON CONFLICT (measure, minute, type_id, bucket, shard) DO UPDATE SET count = s.count + excluded.count

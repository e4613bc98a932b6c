-- maintain: a bounded batch of old statistics; what is counted over all time stays.
DELETE FROM task_stats_minute WHERE (measure, minute, type_id, bucket) IN (
  SELECT measure, minute, type_id, bucket FROM task_stats_minute
  WHERE measure IN ('execution', 'run', 'wait') AND minute < ?1 / 60000000 LIMIT ?2)

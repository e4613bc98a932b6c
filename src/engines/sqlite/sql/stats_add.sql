-- finish, cancel, retry, remove, prune: in the transaction of what is counted.
INSERT INTO task_stats_minute (measure, minute, type_id, bucket, count, sum_us)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (measure, minute, type_id, bucket) DO UPDATE SET count = count + excluded.count,
  sum_us = sum_us + excluded.sum_us

-- cancel, retry, remove, prune: adds to the statistics, in the order in which `finish` does, so that
-- two transactions don't wait in a circle.
INSERT INTO esteira.task_stats_minute AS s (measure, minute, type_id, bucket, count, sum_us, shard)
SELECT a.*, $7 FROM unnest($1::text[], $2::timestamptz[], $3::integer[], $4::integer[],
                           $5::bigint[], $6::bigint[])
  AS a (measure, minute, type_id, bucket, count, sum_us)
ORDER BY a.measure, a.minute, a.type_id, a.bucket
ON CONFLICT (measure, minute, type_id, bucket, shard)
  DO UPDATE SET count = s.count + excluded.count, sum_us = s.sum_us + excluded.sum_us

-- stats: what waits: all, due, and since when, by type.
SELECT type_id, sum(waiting)::bigint, sum(due)::bigint, min(oldest)
FROM (
  SELECT type_id, count(*) AS waiting, count(*) AS due, min(run_at) AS oldest
  FROM esteira.task_ready GROUP BY type_id
  UNION ALL
  SELECT type_id, count(*), count(*), min(run_at) FROM esteira.task_queued GROUP BY type_id
  UNION ALL
  SELECT type_id, count(*), 0, NULL FROM esteira.task_blocked GROUP BY type_id
  UNION ALL
  SELECT type_id, count(*), count(*) FILTER (WHERE run_at <= $1),
         min(run_at) FILTER (WHERE run_at <= $1)
  FROM esteira.task_scheduled GROUP BY type_id
) w
GROUP BY type_id

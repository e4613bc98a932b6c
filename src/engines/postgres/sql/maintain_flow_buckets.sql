-- maintain: the buckets of flows that are full again, as those that are not there would be.
DELETE FROM esteira.task_flow_buckets WHERE (type_id, flow_key) IN (
  SELECT type_id, flow_key FROM esteira.task_flow_buckets WHERE full_at < $1 LIMIT 1000)

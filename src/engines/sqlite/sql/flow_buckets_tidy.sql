-- maintain: the buckets of flows that are full again.
DELETE FROM task_flow_buckets WHERE (type_id, flow_key) IN (
  SELECT type_id, flow_key FROM task_flow_buckets WHERE full_at_us < ?1 LIMIT ?2)

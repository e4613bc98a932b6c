-- maintain: whether a flow's bucket is full again, as one that is not there would be.
SELECT 1 FROM task_flow_buckets WHERE full_at_us < ?1 LIMIT ?2

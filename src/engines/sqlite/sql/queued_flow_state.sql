-- claim: what runs of a flow, whether a begun task holds it up, whether that one waits here, and
-- the flow's bucket.
SELECT
  (SELECT count(*) FROM task_slots s WHERE s.type_id = ?1 AND s.flow_key = ?2 AND s.running),
  EXISTS (SELECT 1 FROM task_slots s WHERE s.type_id = ?1 AND s.flow_key = ?2),
  EXISTS (SELECT 1 FROM task_slots s JOIN task_queued q ON q.task_id = s.task_id
          WHERE s.type_id = ?1 AND s.flow_key = ?2 AND NOT s.running),
  b.rate, b.credit, b.at_us
FROM (SELECT 1) LEFT JOIN task_flow_buckets b ON b.type_id = ?1 AND b.flow_key = ?2

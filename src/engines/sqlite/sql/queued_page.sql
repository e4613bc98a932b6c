-- claim: the first tasks of a flow; where one of its tasks holds it up (?5), that one alone.
SELECT r.max_retries, r.scheduled_for_us, r.created_at_us, r.timeout_us, r.unique_key,
  r.traceparent, r.tags, r.payload, r.terms,
  w.run_at_us, w.task_id, w.retries, w.crashes, w.attempt, w.flags, w.priority
FROM task_queued w CROSS JOIN task_requests r ON r.task_id = w.task_id
WHERE w.type_id = ?1 AND w.lane = ?2 AND w.flow_key = ?3
  AND (NOT ?5 OR EXISTS (SELECT 1 FROM task_slots s WHERE s.task_id = w.task_id))
ORDER BY w.turn_us, w.task_id LIMIT ?4

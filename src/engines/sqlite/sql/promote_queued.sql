-- tick: of the same rows, those that belong to a flow.
INSERT INTO task_queued (task_id, type_id, lane, flow_key, turn_us, priority, run_at_us, retries,
  crashes, attempt, flags)
SELECT s.task_id, s.type_id, iif(json_extract(t.flow, '$.ordered'), 0, s.priority),
  json_extract(r.terms, '$.flow_key'), iif(json_extract(t.flow, '$.ordered'), 0, s.run_at_us),
  s.priority, s.run_at_us, s.retries, s.crashes, s.attempt, s.flags
FROM (SELECT * FROM task_scheduled WHERE (run_at_us, task_id) <= (?1, ?2) AND flags & 4) s
CROSS JOIN task_requests r ON r.task_id = s.task_id
CROSS JOIN task_types t ON t.type_id = s.type_id

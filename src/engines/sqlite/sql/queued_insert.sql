-- insert, finish, retry, edit: a waiting task of a flow that is due.
INSERT INTO task_queued (task_id, type_id, lane, flow_key, turn_us, priority, run_at_us, retries,
  crashes, attempt, flags)
SELECT ?4, ?1, iif(json_extract(t.flow, '$.ordered'), 0, ?2), json_extract(r.terms, '$.flow_key'),
  iif(json_extract(t.flow, '$.ordered'), 0, ?3), ?2, ?3, ?5, ?6, ?7, ?8
FROM task_requests r JOIN task_types t ON t.type_id = r.type_id WHERE r.task_id = ?4

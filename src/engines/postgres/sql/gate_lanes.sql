-- claim: the lanes of gated types, each with its oldest task: of those without a flow, and of flows.
WITH RECURSIVE ready AS (
  SELECT h.*
  FROM unnest($1::integer[]) AS i (type_id)
  CROSS JOIN LATERAL (
    SELECT r.type_id, r.priority, r.run_at FROM esteira.task_ready r
    WHERE r.type_id = i.type_id
    ORDER BY r.priority DESC, r.run_at, r.task_id LIMIT 1
  ) h
  UNION ALL
  SELECT h.*
  FROM ready l
  CROSS JOIN LATERAL (
    SELECT r.type_id, r.priority, r.run_at FROM esteira.task_ready r
    WHERE r.type_id = l.type_id AND r.priority < l.priority
    ORDER BY r.priority DESC, r.run_at, r.task_id LIMIT 1
  ) h
), queued AS (
  SELECT h.*
  FROM unnest($1::integer[]) AS i (type_id)
  CROSS JOIN LATERAL (
    SELECT q.type_id, q.lane FROM esteira.task_queued q
    WHERE q.type_id = i.type_id ORDER BY q.lane DESC LIMIT 1
  ) h
  UNION ALL
  SELECT h.*
  FROM queued l
  CROSS JOIN LATERAL (
    SELECT q.type_id, q.lane FROM esteira.task_queued q
    WHERE q.type_id = l.type_id AND q.lane < l.lane ORDER BY q.lane DESC LIMIT 1
  ) h
)
SELECT type_id, priority, min(run_at)
FROM (
  SELECT type_id, priority, run_at FROM ready
  UNION ALL
  SELECT l.type_id, l.lane, h.run_at
  FROM queued l
  CROSS JOIN LATERAL (
    SELECT q.run_at FROM esteira.task_queued q
    WHERE q.type_id = l.type_id AND q.lane = l.lane ORDER BY q.run_at LIMIT 1
  ) h
) lanes
GROUP BY type_id, priority ORDER BY type_id, priority DESC LIMIT 1000

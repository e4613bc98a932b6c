-- has_ready: due tasks of these types, also those that no tick has moved yet.
SELECT EXISTS (
    SELECT FROM unnest($1::integer[]) AS i (type_id)
    JOIN esteira.task_types t ON t.type_id = i.type_id AND NOT t.paused
    CROSS JOIN LATERAL (SELECT 1 FROM esteira.task_ready r WHERE r.type_id = t.type_id LIMIT 1) r)
  OR EXISTS (
    SELECT FROM unnest($1::integer[]) AS i (type_id)
    JOIN esteira.task_types t ON t.type_id = i.type_id AND NOT t.paused
    CROSS JOIN LATERAL (SELECT 1 FROM esteira.task_queued q WHERE q.type_id = t.type_id LIMIT 1) q)
  OR EXISTS (
    SELECT FROM esteira.task_scheduled s
    JOIN esteira.task_types t ON t.type_id = s.type_id AND NOT t.paused
    WHERE s.run_at <= $2 AND s.type_id = ANY ($1))

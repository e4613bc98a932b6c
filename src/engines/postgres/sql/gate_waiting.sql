-- claim: which of these types are gated and have waiting tasks.
SELECT t.type_id
FROM unnest($1::integer[]) AS i (type_id)
JOIN esteira.task_types t ON t.type_id = i.type_id AND t.gated AND NOT t.paused
WHERE EXISTS (SELECT FROM esteira.task_ready r WHERE r.type_id = t.type_id)
   OR EXISTS (SELECT FROM esteira.task_queued q WHERE q.type_id = t.type_id)

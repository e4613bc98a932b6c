-- edit: the one change that an order ever sees. What is null stays, but for the time and the tags,
-- which may become null.
UPDATE task_requests SET payload = coalesce(?2, payload), priority = coalesce(?3, priority),
  scheduled_for_us = CASE WHEN ?4 THEN ?5 ELSE scheduled_for_us END,
  tags = CASE WHEN ?6 THEN ?7 ELSE tags END,
  terms = CASE WHEN ?8 IS NULL THEN terms ELSE json_set(coalesce(terms, '{}'), '$.flow_key', ?8) END
WHERE task_id = ?1

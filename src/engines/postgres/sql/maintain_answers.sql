-- maintain: kept answers hold for a day.
DELETE FROM esteira.kept_answers WHERE (actor, idempotency_key) IN (
  SELECT actor, idempotency_key FROM esteira.kept_answers
  WHERE created_at < $1 - interval '24 hours'
  ORDER BY created_at LIMIT 1000 FOR UPDATE SKIP LOCKED)

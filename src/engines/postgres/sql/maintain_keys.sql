-- maintain: idempotency keys hold for a day.
DELETE FROM esteira.idempotency_keys WHERE key IN (
  SELECT key FROM esteira.idempotency_keys WHERE created_at < $1 - interval '24 hours'
  ORDER BY created_at LIMIT 10000 FOR UPDATE SKIP LOCKED)

-- maintain: a bounded batch of keys that are past their time.
DELETE FROM idempotency_keys WHERE entry IN (
  SELECT entry FROM (SELECT entry, created_at_us FROM idempotency_keys ORDER BY entry LIMIT ?2)
  WHERE created_at_us < ?1)

-- touch_keys. Locked in one order, so that two programs do not wait for each other.
WITH uses AS (
  SELECT k.key_id, u.at
  FROM esteira.api_keys k JOIN unnest($1::text[], $2::timestamptz[]) u (key_id, at)
    ON u.key_id = k.key_id
  ORDER BY k.key_id FOR UPDATE OF k
)
UPDATE esteira.api_keys k SET last_used_at = u.at FROM uses u
WHERE k.key_id = u.key_id AND (k.last_used_at IS NULL OR k.last_used_at < u.at)

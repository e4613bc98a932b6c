-- touch_keys.
UPDATE api_keys SET last_used_at_us = ?2
WHERE key_id = ?1 AND coalesce(last_used_at_us < ?2, true)

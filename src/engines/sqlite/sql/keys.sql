-- keys, newest first.
SELECT key_id, name, scopes, secret_hash, created_at_us, expires_at_us, last_used_at_us,
       revoked_at_us, rate
FROM api_keys ORDER BY created_at_us DESC, key_id

-- keys, newest first
SELECT key_id, name, scopes, secret_hash, created_at, expires_at, last_used_at, revoked_at,
       rate
FROM esteira.api_keys ORDER BY created_at DESC, key_id COLLATE "C"

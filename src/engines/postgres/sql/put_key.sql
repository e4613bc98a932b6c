-- put_key
INSERT INTO esteira.api_keys (key_id, name, scopes, secret_hash, created_at, expires_at,
                              last_used_at, revoked_at, rate)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (key_id) DO NOTHING

-- put_key.
INSERT INTO api_keys (key_id, name, scopes, secret_hash, created_at_us, expires_at_us,
                      last_used_at_us, revoked_at_us, rate)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
ON CONFLICT (key_id) DO NOTHING

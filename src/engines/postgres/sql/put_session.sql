-- put_session
INSERT INTO esteira.sessions (token_hash, key_id, created_at, seen_at, expires_at)
VALUES ($1, $2, $3, $4, $5)

-- session
SELECT token_hash, key_id, created_at, seen_at, expires_at FROM esteira.sessions
WHERE token_hash = $1

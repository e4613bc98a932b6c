-- session.
SELECT token_hash, key_id, created_at_us, seen_at_us, expires_at_us FROM sessions
WHERE token_hash = ?1

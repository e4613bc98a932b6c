-- put_session.
INSERT INTO sessions (token_hash, key_id, created_at_us, seen_at_us, expires_at_us)
VALUES (?1, ?2, ?3, ?4, ?5)

-- touch_session: never back.
UPDATE sessions SET seen_at_us = ?2 WHERE token_hash = ?1 AND seen_at_us < ?2

-- maintain: whether a session has ended by time; the day is Session::idle_max.
SELECT 1 FROM sessions WHERE expires_at_us < ?1 OR seen_at_us < ?1 - 86400000000 LIMIT 1

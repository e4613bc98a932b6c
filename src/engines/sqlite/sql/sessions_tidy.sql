-- maintain: sessions that have ended by time; the day is Session::idle_max.
DELETE FROM sessions WHERE expires_at_us < ?1 OR seen_at_us < ?1 - 86400000000

-- maintain: sessions that have ended by time; src/domain/session.hpp has the same times
DELETE FROM esteira.sessions WHERE expires_at < $1 OR seen_at < $1 - interval '24 hours'

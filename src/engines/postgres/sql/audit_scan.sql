-- audit_scan: oldest first, above a seq
SELECT seq, at, actor, action, target, before::text, after::text, address, previous_hash, hash
FROM esteira.audit_log WHERE seq > $1 ORDER BY seq LIMIT $2

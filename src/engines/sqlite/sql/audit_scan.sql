-- audit_scan: oldest first, above a seq.
SELECT seq, at_us, actor, action, target, before, after, address, previous_hash, hash
FROM audit_log WHERE seq > ?1 ORDER BY seq LIMIT ?2

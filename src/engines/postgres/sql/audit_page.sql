-- audit_page: newest first, below a seq
SELECT seq, at, actor, action, target, before::text, after::text, address, previous_hash, hash
FROM esteira.audit_log WHERE seq < $1 ORDER BY seq DESC LIMIT $2

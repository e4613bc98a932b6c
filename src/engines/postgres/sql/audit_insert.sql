-- append_audit
INSERT INTO esteira.audit_log (seq, at, actor, action, target, before, after, address,
                               previous_hash, hash)
VALUES ($1, $2, $3, $4, $5, $6::text::json, $7::text::json, $8, $9, $10)

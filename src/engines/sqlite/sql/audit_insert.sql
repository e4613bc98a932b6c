-- append_audit.
INSERT INTO audit_log (seq, at_us, actor, action, target, before, after, address, previous_hash,
                       hash)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)

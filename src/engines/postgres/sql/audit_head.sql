-- append_audit: the end of the chain
SELECT seq, hash FROM esteira.audit_log ORDER BY seq DESC LIMIT 1

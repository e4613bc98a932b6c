-- append_audit: one at a time. A lock of the table would need the right to change its rows.
SELECT pg_advisory_xact_lock(7310579608461208435)

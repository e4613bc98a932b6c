-- migrate: one process at a time, until the end of its transaction. A lock of the transaction, not
-- of the session, so that a pool may stand between.
SELECT pg_advisory_xact_lock(7310579608461208434)

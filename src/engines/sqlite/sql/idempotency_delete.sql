-- insert: a key that is past its time counts as unused.
DELETE FROM idempotency_keys WHERE idempotency_key = ?1

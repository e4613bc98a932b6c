-- keep_answer: takes the place of one that is past its time; waits for another transaction that is
-- keeping one.
INSERT INTO esteira.kept_answers AS k (actor, idempotency_key, hash, status, body, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (actor, idempotency_key) DO UPDATE
SET hash = excluded.hash, status = excluded.status, body = excluded.body,
    created_at = excluded.created_at
WHERE k.created_at < $6 - interval '24 hours'

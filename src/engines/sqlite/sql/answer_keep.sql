-- keep_answer: takes the place of one that is past its time (?7).
INSERT INTO kept_answers (actor, idempotency_key, hash, status, body, created_at_us)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (actor, idempotency_key) DO UPDATE
SET hash = excluded.hash, status = excluded.status, body = excluded.body,
    created_at_us = excluded.created_at_us
WHERE kept_answers.created_at_us < ?7

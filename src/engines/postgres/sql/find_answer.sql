-- kept_answer: what is past its time counts as unused.
SELECT hash, status, body FROM esteira.kept_answers
WHERE actor = $1 AND idempotency_key = $2 AND created_at >= $3 - interval '24 hours'

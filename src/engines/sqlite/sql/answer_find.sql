-- kept_answer: what is past its time (?3) counts as unused.
SELECT hash, status, body FROM kept_answers
WHERE actor = ?1 AND idempotency_key = ?2 AND created_at_us >= ?3

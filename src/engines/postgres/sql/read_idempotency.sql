-- insert: who holds idempotency keys.
SELECT i.no, k.hash, k.task_id
FROM unnest($1::text[]) WITH ORDINALITY AS i (key, no)
JOIN esteira.idempotency_keys k ON k.key = i.key

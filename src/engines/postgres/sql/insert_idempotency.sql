-- insert: takes idempotency keys; waits for another transaction that is taking the same one.
INSERT INTO esteira.idempotency_keys (key, hash, task_id, created_at)
SELECT i.key, i.hash, i.task_id, $4
FROM unnest($1::text[], $2::text[], $3::bigint[]) AS i (key, hash, task_id)
ORDER BY i.key
ON CONFLICT DO NOTHING

-- insert: keys that this transaction has taken for tasks which the holders of unique keys stand for.
UPDATE esteira.idempotency_keys k SET task_id = i.task_id
FROM unnest($1::text[], $2::bigint[]) AS i (key, task_id) WHERE k.key = i.key

-- insert, retry: takes unique keys, in key order so that two transactions don't wait in a circle. Who
-- waited for a holder that was rolled back takes its key.
INSERT INTO esteira.task_unique (type_id, unique_key, task_id, scope, until)
SELECT i.type_id, i.unique_key, i.task_id, i.scope, i.until
FROM unnest($1::integer[], $2::text[], $3::bigint[], $4::integer[], $5::timestamptz[])
  AS i (type_id, unique_key, task_id, scope, until)
ORDER BY i.type_id, i.unique_key, i.task_id
ON CONFLICT DO NOTHING
RETURNING task_id

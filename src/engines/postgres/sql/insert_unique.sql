-- insert, retry: takes unique keys, in key order so that two transactions don't wait in a circle.
INSERT INTO esteira.task_unique (type_id, unique_key, task_id)
SELECT i.type_id, i.unique_key, i.task_id
FROM unnest($1::integer[], $2::text[], $3::bigint[]) AS i (type_id, unique_key, task_id)
ORDER BY i.type_id, i.unique_key
ON CONFLICT DO NOTHING
RETURNING task_id

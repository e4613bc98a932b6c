-- insert: which of these unique keys another task holds.
SELECT i.no, u.task_id
FROM unnest($1::integer[], $2::text[], $3::bigint[]) WITH ORDINALITY
  AS i (type_id, unique_key, task_id, no)
JOIN esteira.task_unique u ON u.type_id = i.type_id AND u.unique_key = i.unique_key
WHERE u.task_id <> i.task_id
ORDER BY i.no LIMIT 1

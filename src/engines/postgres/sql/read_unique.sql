-- insert, retry: which of these unique keys another task holds; a window that has ended is no holder.
SELECT i.task_id, u.task_id, coalesce(u.until <= $6, false)
FROM unnest($1::integer[], $2::text[], $3::bigint[], $4::integer[], $5::timestamptz[])
  AS i (type_id, unique_key, task_id, scope, until)
JOIN esteira.task_unique u ON u.type_id = i.type_id AND u.unique_key = i.unique_key
WHERE u.task_id <> i.task_id

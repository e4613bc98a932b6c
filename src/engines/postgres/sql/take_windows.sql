-- insert, retry: takes unique keys whose windows have ended, locked in key order.
WITH wished AS MATERIALIZED (
  SELECT DISTINCT ON (i.type_id, i.unique_key) i.*
  FROM unnest($1::integer[], $2::text[], $3::bigint[], $4::integer[], $5::timestamptz[])
    AS i (type_id, unique_key, task_id, scope, until)
  ORDER BY i.type_id, i.unique_key, i.task_id
), locked AS MATERIALIZED (
  SELECT w.* FROM wished w
  JOIN esteira.task_unique u ON u.type_id = w.type_id AND u.unique_key = w.unique_key
  WHERE u.until <= $6 ORDER BY u.type_id, u.unique_key FOR UPDATE OF u
)
UPDATE esteira.task_unique u SET task_id = l.task_id, scope = l.scope, until = l.until
FROM locked l WHERE u.type_id = l.type_id AND u.unique_key = l.unique_key
RETURNING u.task_id

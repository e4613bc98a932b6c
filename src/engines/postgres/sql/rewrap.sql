-- rewrap: those that were not wrapped anew meanwhile, nor have gone. Locked in order, so that two
-- rotations at once never wait in a circle.
WITH given AS MATERIALIZED (
  SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[])
    AS i (task_id, wrapped, new_key_id, new_wrapped)
), held AS MATERIALIZED (
  SELECT c.task_id FROM esteira.task_ciphers c JOIN given g USING (task_id, wrapped)
  ORDER BY c.task_id FOR UPDATE OF c
)
UPDATE esteira.task_ciphers c SET key_id = g.new_key_id, wrapped = g.new_wrapped
FROM given g JOIN held h USING (task_id)
WHERE c.task_id = g.task_id AND c.wrapped = g.wrapped

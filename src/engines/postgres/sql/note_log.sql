-- notes: log lines of running attempts, under their fences. The leases are locked.
WITH given AS MATERIALIZED (
  SELECT * FROM unnest($2::uuid[], $3::bigint[], $4::integer[], $5::integer[], $6::timestamptz[],
                       $7::integer[], $8::text[])
    WITH ORDINALITY AS i (lease_id, task_id, attempt, line, at, level, text, no)
), live AS MATERIALIZED (
  SELECT g.* FROM given g
  JOIN esteira.task_running r ON r.lease_id = g.lease_id AND r.task_id = g.task_id
    AND r.attempt = g.attempt
  WHERE r.lease_id = ANY ($1)
), written AS (
  INSERT INTO esteira.task_logs (task_id, attempt, line, at, level, text)
  SELECT task_id, attempt, line, at, level, text FROM live
  ON CONFLICT DO NOTHING
)
SELECT no FROM live

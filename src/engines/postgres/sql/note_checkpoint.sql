-- notes: the last checkpoint of each running task, under its fence. The leases are locked.
WITH given AS MATERIALIZED (
  SELECT * FROM unnest($2::uuid[], $3::bigint[], $4::integer[], $5::jsonb[])
    WITH ORDINALITY AS i (lease_id, task_id, attempt, state, no)
), live AS MATERIALIZED (
  SELECT g.* FROM given g
  JOIN esteira.task_running r ON r.lease_id = g.lease_id AND r.task_id = g.task_id
    AND r.attempt = g.attempt
  WHERE r.lease_id = ANY ($1)
), kept AS (
  UPDATE esteira.task_leases SET kept = true
  WHERE lease_id IN (SELECT l.lease_id FROM live l) AND NOT kept
), written AS (
  INSERT INTO esteira.task_checkpoints (task_id, state)
  SELECT DISTINCT ON (task_id) task_id, state FROM live ORDER BY task_id, no DESC
  ON CONFLICT (task_id) DO UPDATE SET state = excluded.state
)
SELECT no FROM live

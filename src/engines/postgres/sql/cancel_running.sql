-- cancel: asks the running attempts under the locked leases to stop.
WITH running AS MATERIALIZED (
  SELECT r.task_id, r.attempt, r.lease_id, r.part FROM esteira.task_running r
  WHERE r.task_id = ANY ($1) AND r.lease_id = ANY ($2)
), flagged AS (
  UPDATE esteira.task_leases l SET kept = true FROM running r
  WHERE l.lease_id = r.lease_id AND l.part = r.part AND NOT l.kept
), asked AS (
  INSERT INTO esteira.task_cancels (task_id, attempt) SELECT task_id, attempt FROM running
  ON CONFLICT DO NOTHING
)
SELECT task_id FROM running

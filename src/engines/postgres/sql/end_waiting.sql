-- cancel, expire_waiting: the executions that end waiting tasks, and what goes with the end.
WITH given AS MATERIALIZED (
  SELECT * FROM unnest($1::bigint[], $2::integer[], $3::integer[], $4::integer[], $5::text[],
                       $7::jsonb[])
    AS i (task_id, attempt, retries, crashes, error_message, metadata)
), ended AS (
  INSERT INTO esteira.task_executions (task_id, started_at, completed_at, attempt, retries,
                                       crashes, ends_task, status, error_message, metadata)
  SELECT task_id, $6, $6, attempt, retries, crashes, true, 'CANCELLED', error_message,
         metadata
  FROM given
), released AS (
  DELETE FROM esteira.task_unique u
  USING (SELECT r.type_id, r.unique_key, r.task_id FROM given g
         CROSS JOIN LATERAL (SELECT * FROM esteira.task_requests r
                             WHERE r.task_id = g.task_id OFFSET 0) r) k
  WHERE u.type_id = k.type_id AND u.unique_key = k.unique_key AND u.task_id = k.task_id
    AND u.until IS NULL
), unslotted AS (
  DELETE FROM esteira.task_slots s USING given g WHERE s.task_id = g.task_id
), unmarked AS (
  DELETE FROM esteira.task_checkpoints k USING given g WHERE k.task_id = g.task_id
)
DELETE FROM esteira.task_progress p USING given g WHERE p.task_id = g.task_id

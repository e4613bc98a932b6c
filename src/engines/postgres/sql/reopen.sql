-- retry: the task waits again, due now, with a fresh budget.
WITH given AS MATERIALIZED (
  SELECT * FROM unnest($1::bigint[], $2::integer[], $3::integer[], $4::integer[], $5::boolean[])
    AS i (task_id, attempt, type_id, priority, keyed)
), reopened AS (
  INSERT INTO esteira.task_reopened (task_id, after_attempt, run_at)
  SELECT task_id, attempt, $6 FROM given
  ON CONFLICT (task_id) DO UPDATE
    SET after_attempt = excluded.after_attempt, run_at = excluded.run_at
)
INSERT INTO esteira.task_ready (type_id, priority, run_at, task_id, attempt, retries, crashes,
                                keyed)
SELECT type_id, priority, $6, task_id, attempt, 0, 0, keyed FROM given

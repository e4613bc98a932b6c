-- claim: visits the steps in order until enough rows are locked. Each step is read and locked as
-- it is needed, from its mark on; rows that others hold are passed over.
WITH picked AS MATERIALIZED (
  SELECT c.*, s.step
  FROM unnest($6::integer[], $7::integer[], $8::integer[], $9::integer[], $10::timestamptz[],
              $11::bigint[]) WITH ORDINALITY AS s (kind, type_id, high, low, run_at, task_id, step)
  CROSS JOIN LATERAL (
    SELECT * FROM (
      SELECT r.* FROM esteira.task_ready r
      WHERE s.kind = 0 AND r.type_id = s.type_id AND r.priority = s.high
        AND (r.run_at, r.task_id) > (s.run_at, s.task_id)
        AND NOT (SELECT t.paused OR t.gated FROM esteira.task_types t WHERE t.type_id = s.type_id)
      ORDER BY r.priority DESC, r.run_at, r.task_id LIMIT :limit FOR UPDATE SKIP LOCKED
    ) lane
    UNION ALL
    SELECT * FROM (
      SELECT r.* FROM esteira.task_ready r
      WHERE s.kind = 1 AND r.type_id = s.type_id AND r.priority < s.high AND r.priority > s.low
        AND NOT (SELECT t.paused OR t.gated FROM esteira.task_types t WHERE t.type_id = s.type_id)
      ORDER BY r.priority DESC, r.run_at, r.task_id LIMIT :limit FOR UPDATE SKIP LOCKED
    ) gap

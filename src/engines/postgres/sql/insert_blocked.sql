-- insert: the orders of tasks that may not run before others have ended; $1 to $16 as in insert.sql.
WITH given AS MATERIALIZED (
  SELECT i.task_id, $1::timestamptz AS created_at,
         i.payload, coalesce(i.type_id, $5) AS type_id, coalesce(i.priority, $7) AS priority,
         coalesce(i.max_retries, $9) AS max_retries, i.scheduled_for, i.timeout_us, i.unique_key,
         i.traceparent, i.tags::text[] AS tags, i.terms, i.expires_at,
         coalesce(i.scheduled_for, $1) AS run_at
  FROM unnest($2::bigint[], $3::jsonb[], $4::integer[], $6::integer[], $8::integer[],
              $10::timestamptz[], $11::bigint[], $12::text[], $13::text[], $14::text[],
              $15::jsonb[], $16::timestamptz[])
    AS i (task_id, payload, type_id, priority, max_retries, scheduled_for, timeout_us, unique_key,
          traceparent, tags, terms, expires_at)
), requests AS (
  INSERT INTO esteira.task_requests (task_id, created_at, scheduled_for, timeout_us, type_id,
                                     priority, max_retries, unique_key, traceparent, tags, payload,
                                     terms)
  -- A type that does not exist gives a null, which the column refuses.
  SELECT g.task_id, g.created_at, g.scheduled_for, g.timeout_us, t.type_id, g.priority,
         g.max_retries, g.unique_key, g.traceparent, g.tags, g.payload, g.terms
  FROM given g LEFT JOIN esteira.task_types t ON t.type_id = g.type_id
), blocked AS (
  INSERT INTO esteira.task_blocked (type_id, priority, run_at, task_id, attempt, retries, crashes,
                                    keyed)
  SELECT type_id, priority, run_at, task_id, 0, 0, 0, unique_key IS NOT NULL FROM given
), tags AS (
  INSERT INTO esteira.task_tags (tag, task_id)
  SELECT DISTINCT t.tag, g.task_id FROM given g CROSS JOIN LATERAL unnest(g.tags) AS t (tag)
), expiries AS (
  INSERT INTO esteira.task_expiries (look_at, task_id)
  SELECT expires_at, task_id FROM given WHERE expires_at IS NOT NULL
), changed AS (
  INSERT INTO esteira.task_changes (at, task_ids)
  SELECT $1, CASE WHEN count(*) <= 100 THEN array_agg(task_id) END FROM given HAVING count(*) > 0
)
SELECT task_id FROM given

-- insert: the orders, each with its place in the queue. One id a row, in the order of the arrays,
-- unless the caller has drawn the ids.
WITH given AS MATERIALIZED (
  SELECT coalesce(i.task_id, nextval('esteira.task_ids')) AS task_id, $1::timestamptz AS created_at,
         i.payload, coalesce(i.type_id, $5) AS type_id, coalesce(i.priority, $7) AS priority,
         coalesce(i.max_retries, $9) AS max_retries, i.scheduled_for, i.timeout_us, i.unique_key,
         i.traceparent, i.tags::text[] AS tags, i.terms, i.expires_at,
         coalesce(i.scheduled_for, $1) AS run_at, i.terms ->> 'flow_key' AS flow_key
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
), ready AS (
  INSERT INTO esteira.task_ready (type_id, priority, run_at, task_id, attempt, retries, crashes,
                                  keyed)
  SELECT type_id, priority, run_at, task_id, 0, 0, 0, unique_key IS NOT NULL
  FROM given WHERE run_at <= created_at AND (:flows = 0 OR flow_key IS NULL)
), scheduled AS (
  INSERT INTO esteira.task_scheduled (type_id, priority, run_at, task_id, attempt, retries,
                                      crashes, keyed, flow_key)
  SELECT type_id, priority, run_at, task_id, 0, 0, 0, unique_key IS NOT NULL, flow_key
  FROM given WHERE run_at > created_at
), queued AS (
  -- `:flows` is 1 where any of them belongs to a flow: others pay nothing for it.
  INSERT INTO esteira.task_queued (task_id, type_id, lane, flow_key, turn_at, priority, run_at,
                                   attempt, retries, crashes, keyed)
  SELECT g.task_id, g.type_id, p.lane, g.flow_key, p.turn_at, g.priority, g.run_at, 0, 0, 0,
         g.unique_key IS NOT NULL
  FROM given g JOIN esteira.task_types t ON t.type_id = g.type_id
  CROSS JOIN LATERAL esteira.turn_of(t.flow, g.priority, g.run_at) p
  WHERE :flows = 1 AND g.run_at <= g.created_at AND g.flow_key IS NOT NULL
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

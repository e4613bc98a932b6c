-- The tasks of a gated type are claimed under the gate's lock, which keeps its limits exact. A type
-- that was gated once stays so, for its tasks may stand in flows.
ALTER TABLE task_types ADD COLUMN gated INTEGER NOT NULL DEFAULT 0;
UPDATE task_types SET gated = 1 WHERE concurrency IS NOT NULL OR rate IS NOT NULL;

-- What waits, is due and belongs to a flow. Flows take turns within a lane (a priority); in an
-- ordered type all tasks share lane 0, and `turn_us` is 0 too, so that only their ids order them.
CREATE TABLE task_queued (
  task_id INTEGER PRIMARY KEY,
  type_id INTEGER NOT NULL,
  lane INTEGER NOT NULL,
  flow_key TEXT NOT NULL,
  turn_us INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  run_at_us INTEGER NOT NULL,
  retries INTEGER NOT NULL,
  crashes INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  flags INTEGER NOT NULL
);
CREATE INDEX task_queued_turns ON task_queued (type_id, lane, flow_key, turn_us, task_id);
CREATE INDEX task_queued_age ON task_queued (type_id, lane, run_at_us);

-- What runs of the gated types: written with the lease, gone with the attempt. In an ordered type a
-- task keeps its slot while it waits to be tried again (`running` 0), and holds up its flow.
CREATE TABLE task_slots (
  task_id INTEGER PRIMARY KEY,
  type_id INTEGER NOT NULL,
  flow_key TEXT,
  running INTEGER NOT NULL,
  kept INTEGER NOT NULL
);
CREATE INDEX task_slots_flow ON task_slots (type_id, flow_key);

-- How far each gate's turns and bucket stand.
CREATE TABLE task_gates (
  type_id INTEGER PRIMARY KEY,
  cursor TEXT NOT NULL,
  taken INTEGER NOT NULL,
  bucket_rate TEXT,
  bucket_credit INTEGER,
  bucket_at_us INTEGER
);
-- The buckets of flows, until they would be full again.
CREATE TABLE task_flow_buckets (
  type_id INTEGER NOT NULL,
  flow_key TEXT NOT NULL,
  rate TEXT NOT NULL,
  credit INTEGER NOT NULL,
  at_us INTEGER NOT NULL,
  full_at_us INTEGER NOT NULL,
  PRIMARY KEY (type_id, flow_key)
) WITHOUT ROWID;
CREATE INDEX task_flow_buckets_full ON task_flow_buckets (full_at_us);

-- As before, and a task in task_queued waits.
DROP VIEW task_states;
CREATE VIEW task_states AS
SELECT
  r.task_id, r.type_id, t.name AS type, r.priority, r.max_retries, r.unique_key, r.traceparent,
  r.created_at_us, r.timeout_us,
  CASE
    WHEN e.ends_task = 1 AND o.task_id IS NULL THEN
      CASE WHEN e.status IN ('COMPLETED', 'CANCELLED') THEN e.status ELSE 'FAILED' END
    WHEN EXISTS (
        SELECT 1 FROM task_ready w WHERE w.type_id = r.type_id AND w.priority = r.priority
        AND w.run_at_us = coalesce(c.run_at_us, o.run_at_us, e.retry_at_us, r.scheduled_for_us,
                                   r.created_at_us)
        AND w.task_id = r.task_id)
      OR EXISTS (
        SELECT 1 FROM task_scheduled w
        WHERE w.run_at_us
            = coalesce(c.run_at_us, o.run_at_us, e.retry_at_us, r.scheduled_for_us,
                       r.created_at_us)
        AND w.task_id = r.task_id)
      OR EXISTS (SELECT 1 FROM task_queued w WHERE w.task_id = r.task_id)
      THEN 'PENDING'
    ELSE 'PROCESSING'
  END AS status,
  CASE WHEN o.task_id IS NULL THEN coalesce(e.retries, 0) ELSE 0 END AS retries,
  CASE WHEN o.task_id IS NULL THEN coalesce(e.crashes, 0) ELSE 0 END AS crashes,
  coalesce(e.execution_id & 65535, 0) AS ended_attempts,
  -- The place in the queue, of a task that waits.
  coalesce(c.run_at_us, o.run_at_us, e.retry_at_us, r.scheduled_for_us, r.created_at_us)
    AS run_at_us,
  -- A task that was put back into its first place does not look like a scheduled one.
  coalesce(CASE WHEN o.task_id IS NULL AND c.run_at_us IS NULL
                THEN nullif(e.retry_at_us, r.created_at_us) END,
           r.scheduled_for_us) AS scheduled_for_us,
  e.started_at_us,
  CASE WHEN e.ends_task = 1 AND o.task_id IS NULL THEN e.completed_at_us END AS completed_at_us,
  coalesce(c.edited_at_us, o.run_at_us, e.completed_at_us) AS updated_at_us,
  CASE WHEN o.task_id IS NULL THEN e.error_message END AS error_message,
  e.worker,
  coalesce(r.tags, '[]') AS tags,
  CASE WHEN o.task_id IS NULL THEN e.result END AS result,
  r.payload
FROM task_requests r
JOIN task_types t ON t.type_id = r.type_id
LEFT JOIN task_attempts e ON e.execution_id = (
  SELECT x.execution_id FROM task_attempts x
  WHERE x.execution_id BETWEEN r.task_id << 16 AND (r.task_id << 16) + 65535
  ORDER BY x.execution_id DESC LIMIT 1)
LEFT JOIN task_reopened o ON o.task_id = r.task_id AND o.after_attempt = e.execution_id & 65535
LEFT JOIN task_edits c ON c.task_id = r.task_id
  AND c.after_attempt = coalesce(e.execution_id & 65535, 0);

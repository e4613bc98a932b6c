-- Waiting tasks that may not run before others have ended.
CREATE TABLE task_blocked (
  task_id INTEGER PRIMARY KEY,
  type_id INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  run_at_us INTEGER NOT NULL,
  retries INTEGER NOT NULL,
  crashes INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  flags INTEGER NOT NULL
);
CREATE INDEX task_blocked_type ON task_blocked (type_id);

-- Which ends they wait for: of a task, or of a batch, whose number stands below 0. A row goes when
-- the child has been told.
CREATE TABLE task_dependencies (
  parent_id INTEGER NOT NULL,
  child_id INTEGER NOT NULL,
  PRIMARY KEY (parent_id, child_id)
) WITHOUT ROWID;
CREATE INDEX task_dependencies_child ON task_dependencies (child_id);

CREATE TABLE task_batches (
  batch_no INTEGER PRIMARY KEY,
  batch_id TEXT NOT NULL UNIQUE,
  created_at_us INTEGER NOT NULL,
  closed_at_us INTEGER,
  finished_at_us INTEGER,
  finish_task_id INTEGER,
  pending INTEGER NOT NULL DEFAULT 0,
  completed INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  cancelled INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX task_batches_finished ON task_batches (finished_at_us)
  WHERE finished_at_us IS NOT NULL;

-- `counted`: as which of its batch's four numbers a task is counted. A row goes with its batch, for
-- it counts a task that is gone.
CREATE TABLE task_batch_members (
  task_id INTEGER PRIMARY KEY,
  batch_no INTEGER NOT NULL,
  counted INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX task_batch_members_batch ON task_batch_members (batch_no, counted, task_id);

-- Tasks and batches that ended, or that were opened again, and whose dependants are to be told: how
-- they stand now, or as `status` says where they are gone.
CREATE TABLE task_ends (
  end_no INTEGER PRIMARY KEY,
  task_id INTEGER NOT NULL,
  status INTEGER NOT NULL
);

-- As before, and a task in task_blocked waits.
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
      OR EXISTS (SELECT 1 FROM task_blocked w WHERE w.task_id = r.task_id)
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

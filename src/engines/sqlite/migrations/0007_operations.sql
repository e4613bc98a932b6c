-- When a waiting task was edited, for as long as it waits after `after_attempt`. `run_at_us`: its place
-- in the queue, where the edit changed that.
CREATE TABLE task_edits (
  task_id INTEGER PRIMARY KEY,
  after_attempt INTEGER NOT NULL,
  edited_at_us INTEGER NOT NULL,
  run_at_us INTEGER
);

-- As before, and an edit counts: its time, and the place that it gave.
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

-- One change of many tasks, done in the background. `filter_…`: what was asked for.
CREATE TABLE task_operations (
  operation_id INTEGER PRIMARY KEY AUTOINCREMENT,
  action TEXT NOT NULL,
  filter_status TEXT,
  filter_type TEXT,
  filter_tag TEXT,
  filter_created_after_us INTEGER,
  filter_created_before_us INTEGER,
  status TEXT NOT NULL,
  matched INTEGER NOT NULL,
  done INTEGER NOT NULL,
  applied INTEGER NOT NULL,
  skipped INTEGER NOT NULL,
  error_message TEXT,
  created_at_us INTEGER NOT NULL,
  updated_at_us INTEGER NOT NULL,
  completed_at_us INTEGER
);
CREATE INDEX task_operations_running ON task_operations (operation_id) WHERE status = 'RUNNING';

-- The tasks that an operation has still to look at, as it found them at its start: `task_ids` is
-- [task_id,…]. A row goes in the transaction that does it.
CREATE TABLE task_operation_batches (
  operation_id INTEGER NOT NULL,
  batch INTEGER NOT NULL,
  task_ids TEXT NOT NULL,
  PRIMARY KEY (operation_id, batch)
) WITHOUT ROWID;

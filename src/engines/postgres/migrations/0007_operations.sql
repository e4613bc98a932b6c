-- When a waiting task was edited, for as long as it waits after `after_attempt`. `run_at`: its place
-- in the queue, where the edit changed that.
CREATE TABLE esteira.task_edits (
  task_id bigint PRIMARY KEY,
  after_attempt integer NOT NULL,
  edited_at timestamptz NOT NULL,
  run_at timestamptz
);

-- As before, and an edit counts: its time, and the place that it gave.
CREATE OR REPLACE VIEW esteira.tasks AS
SELECT s.task_id, s.type_id, s.status, s.priority,
       CASE WHEN s.running THEN s.running_retries WHEN s.reopened THEN 0
            ELSE coalesce(s.last_retries, 0) END AS retries,
       s.max_retries, s.payload,
       CASE WHEN s.status = 'COMPLETED' THEN s.last_result END AS result,
       CASE WHEN NOT s.started_over THEN s.last_error END AS error_message,
       -- A task that went back into its first place does not look like a scheduled one; one that a
       -- person reopened is due.
       CASE WHEN s.moved THEN s.scheduled_for
            WHEN NOT s.started_over
            THEN coalesce(nullif(s.last_retry_at, s.created_at), s.scheduled_for)
            WHEN s.scheduled_for <= s.reopened_run_at THEN s.scheduled_for END AS scheduled_for,
       coalesce(s.running_started_at, s.last_started_at) AS started_at,
       CASE WHEN s.ended THEN s.last_completed_at END AS completed_at,
       s.created_at,
       CASE WHEN s.running THEN s.running_started_at
            WHEN s.edited_at IS NOT NULL THEN s.edited_at
            WHEN s.reopened THEN s.reopened_run_at ELSE s.last_completed_at END AS updated_at,
       s.type,
       coalesce(s.running_attempt, s.last_attempt, 0) AS attempt,
       CASE WHEN s.running THEN s.running_crashes WHEN s.reopened THEN 0
            ELSE coalesce(s.last_crashes, 0) END AS crashes,
       s.progress, s.progress_text,
       coalesce(s.tags, '{}') AS tags,
       s.unique_key,
       coalesce(s.running_worker, s.last_worker) AS worker,
       s.traceparent, s.timeout_us,
       s.running_lease_id AS lease_id, s.running_expires_at AS lease_expires_at
FROM (
  SELECT r.*, t.name AS type,
         o.task_id IS NOT NULL AS running,
         coalesce(o.task_id IS NULL AND e.ends_task AND e.attempt > coalesce(p.after_attempt, -1),
                  false) AS ended,
         coalesce(o.task_id IS NULL AND e.attempt <= p.after_attempt, false) AS reopened,
         coalesce(e.attempt <= p.after_attempt, false) AS started_over,
         CASE WHEN o.task_id IS NOT NULL THEN 'PROCESSING'
              WHEN e.ends_task AND e.attempt > coalesce(p.after_attempt, -1) THEN
                CASE e.status WHEN 'COMPLETED' THEN 'COMPLETED' WHEN 'CANCELLED' THEN 'CANCELLED'
                              ELSE 'FAILED' END
              ELSE 'PENDING' END AS status,
         o.attempt AS running_attempt, o.retries AS running_retries,
         o.crashes AS running_crashes, o.started_at AS running_started_at,
         o.worker AS running_worker, o.lease_id AS running_lease_id,
         o.expires_at AS running_expires_at,
         e.attempt AS last_attempt, e.retries AS last_retries, e.crashes AS last_crashes,
         e.started_at AS last_started_at, e.completed_at AS last_completed_at,
         e.retry_at AS last_retry_at, e.worker AS last_worker, e.result AS last_result,
         e.error_message AS last_error, p.run_at AS reopened_run_at,
         c.edited_at, c.run_at IS NOT NULL AS moved,
         g.fraction AS progress, g.text AS progress_text
  FROM esteira.task_requests r
  JOIN esteira.task_types t ON t.type_id = r.type_id
  LEFT JOIN esteira.task_running o ON o.task_id = r.task_id
  LEFT JOIN LATERAL (SELECT x.* FROM esteira.task_executions x WHERE x.task_id = r.task_id
                     ORDER BY x.attempt DESC LIMIT 1) e ON true
  LEFT JOIN esteira.task_reopened p ON p.task_id = r.task_id
  LEFT JOIN esteira.task_edits c ON c.task_id = r.task_id
                                AND c.after_attempt = coalesce(e.attempt, 0)
  LEFT JOIN esteira.task_progress g ON g.task_id = o.task_id AND g.attempt = o.attempt
) s;

-- One change of many tasks, done in the background. `filter_…`: what was asked for.
CREATE TABLE esteira.task_operations (
  operation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  action text NOT NULL,
  filter_status text,
  filter_type text,
  filter_tag text,
  filter_created_after timestamptz,
  filter_created_before timestamptz,
  status text NOT NULL,
  matched bigint NOT NULL,
  done bigint NOT NULL,
  applied bigint NOT NULL,
  skipped bigint NOT NULL,
  error_message text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  completed_at timestamptz
);
CREATE INDEX task_operations_running ON esteira.task_operations (operation_id)
  WHERE status = 'RUNNING';

-- The tasks that an operation has still to look at, as it found them at its start. A row goes in the
-- transaction that does it.
CREATE TABLE esteira.task_operation_batches (
  operation_id bigint NOT NULL,
  batch bigint NOT NULL,
  task_ids bigint[] NOT NULL,
  PRIMARY KEY (operation_id, batch)
);

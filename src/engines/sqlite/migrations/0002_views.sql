-- What each task is, in one definition that the engine's own reads and other programs share.
-- The end of a task is its last execution row unless a person reopened it after that; a task that
-- has no end stands in task_ready or task_scheduled under a key that follows from what is stored,
-- or else it runs. So a status costs look-ups by key and never a search, and leases are read only
-- for who runs a task and since when.
CREATE VIEW task_states AS
SELECT
  r.task_id, r.type_id, t.name AS type, r.priority, r.max_retries, r.unique_key, r.traceparent,
  r.created_at_us, r.timeout_us,
  CASE
    WHEN e.ends_task = 1 AND o.task_id IS NULL THEN
      CASE WHEN e.status IN ('COMPLETED', 'CANCELLED') THEN e.status ELSE 'FAILED' END
    WHEN EXISTS (
        SELECT 1 FROM task_ready w WHERE w.type_id = r.type_id AND w.priority = r.priority
        AND w.run_at_us = coalesce(o.run_at_us, e.retry_at_us, r.scheduled_for_us, r.created_at_us)
        AND w.task_id = r.task_id)
      OR EXISTS (
        SELECT 1 FROM task_scheduled w
        WHERE w.run_at_us
            = coalesce(o.run_at_us, e.retry_at_us, r.scheduled_for_us, r.created_at_us)
        AND w.task_id = r.task_id)
      THEN 'PENDING'
    ELSE 'PROCESSING'
  END AS status,
  CASE WHEN o.task_id IS NULL THEN coalesce(e.retries, 0) ELSE 0 END AS retries,
  CASE WHEN o.task_id IS NULL THEN coalesce(e.crashes, 0) ELSE 0 END AS crashes,
  coalesce(e.execution_id & 65535, 0) AS ended_attempts,
  -- The place in the queue, of a task that waits.
  coalesce(o.run_at_us, e.retry_at_us, r.scheduled_for_us, r.created_at_us) AS run_at_us,
  -- A task that was put back into its first place does not look like a scheduled one.
  coalesce(CASE WHEN o.task_id IS NULL THEN nullif(e.retry_at_us, r.created_at_us) END,
           r.scheduled_for_us) AS scheduled_for_us,
  e.started_at_us,
  CASE WHEN e.ends_task = 1 AND o.task_id IS NULL THEN e.completed_at_us END AS completed_at_us,
  coalesce(o.run_at_us, e.completed_at_us) AS updated_at_us,
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
LEFT JOIN task_reopened o ON o.task_id = r.task_id AND o.after_attempt = e.execution_id & 65535;

-- The same with what a running task's lease says of it. A lease lists "[task_id,attempt,", which is
-- found as text: parsing every lease for one task would cost more.
CREATE VIEW task_details AS
SELECT
  s.task_id, s.type_id, s.type, s.priority, s.max_retries, s.unique_key, s.traceparent,
  s.created_at_us, s.timeout_us, s.status, s.retries, s.crashes, s.scheduled_for_us,
  s.completed_at_us, s.error_message, s.tags, s.result, s.payload,
  s.ended_attempts + (s.status = 'PROCESSING') AS attempt,
  CASE WHEN s.status = 'PROCESSING' THEN (
      SELECT l.claimed_at_us FROM task_leases l
      WHERE instr(l.tasks, '[' || s.task_id || ',' || (s.ended_attempts + 1) || ',') > 0 LIMIT 1)
    ELSE s.started_at_us END AS started_at_us,
  CASE WHEN s.status = 'PROCESSING' THEN (
      SELECT max(l.claimed_at_us, coalesce(s.updated_at_us, l.claimed_at_us)) FROM task_leases l
      WHERE instr(l.tasks, '[' || s.task_id || ',' || (s.ended_attempts + 1) || ',') > 0 LIMIT 1)
    ELSE s.updated_at_us END AS updated_at_us,
  CASE WHEN s.status = 'PROCESSING' THEN (
      SELECT l.worker FROM task_leases l
      WHERE instr(l.tasks, '[' || s.task_id || ',' || (s.ended_attempts + 1) || ',') > 0 LIMIT 1)
    ELSE s.worker END AS worker,
  CASE WHEN s.status = 'PROCESSING' THEN (
      SELECT p.fraction FROM task_progress p
      WHERE p.task_id = s.task_id AND p.attempt = s.ended_attempts + 1) END AS progress
FROM task_states s;

-- The seed's table, with its columns and names, and this project's own beside them.
CREATE VIEW tasks AS
SELECT
  d.task_id, d.type_id, d.status, d.priority, d.retries, d.max_retries, d.payload, d.result,
  d.error_message,
  strftime('%Y-%m-%dT%H:%M:%S',
      (d.scheduled_for_us - (d.scheduled_for_us % 1000000 + 1000000) % 1000000) / 1000000,
      'unixepoch')
    || printf('.%06dZ', (d.scheduled_for_us % 1000000 + 1000000) % 1000000) AS scheduled_for,
  strftime('%Y-%m-%dT%H:%M:%S',
      (d.started_at_us - (d.started_at_us % 1000000 + 1000000) % 1000000) / 1000000, 'unixepoch')
    || printf('.%06dZ', (d.started_at_us % 1000000 + 1000000) % 1000000) AS started_at,
  strftime('%Y-%m-%dT%H:%M:%S',
      (d.completed_at_us - (d.completed_at_us % 1000000 + 1000000) % 1000000) / 1000000,
      'unixepoch')
    || printf('.%06dZ', (d.completed_at_us % 1000000 + 1000000) % 1000000) AS completed_at,
  strftime('%Y-%m-%dT%H:%M:%S',
      (d.created_at_us - (d.created_at_us % 1000000 + 1000000) % 1000000) / 1000000, 'unixepoch')
    || printf('.%06dZ', (d.created_at_us % 1000000 + 1000000) % 1000000) AS created_at,
  strftime('%Y-%m-%dT%H:%M:%S',
      (d.updated_at_us - (d.updated_at_us % 1000000 + 1000000) % 1000000) / 1000000, 'unixepoch')
    || printf('.%06dZ', (d.updated_at_us % 1000000 + 1000000) % 1000000) AS updated_at,
  d.type, d.attempt, d.crashes, d.progress, d.tags, d.unique_key, d.worker, d.traceparent
FROM task_details d;

-- The seed's history, with its columns and names.
CREATE VIEW task_executions AS
SELECT
  e.execution_id, e.execution_id >> 16 AS task_id, e.execution_id & 65535 AS attempt, e.status,
  strftime('%Y-%m-%dT%H:%M:%S',
      (e.started_at_us - (e.started_at_us % 1000000 + 1000000) % 1000000) / 1000000, 'unixepoch')
    || printf('.%06dZ', (e.started_at_us % 1000000 + 1000000) % 1000000) AS started_at,
  strftime('%Y-%m-%dT%H:%M:%S',
      (e.completed_at_us - (e.completed_at_us % 1000000 + 1000000) % 1000000) / 1000000,
      'unixepoch')
    || printf('.%06dZ', (e.completed_at_us % 1000000 + 1000000) % 1000000) AS completed_at,
  e.error_message, e.metadata, e.result, e.worker, e.retries, e.crashes, e.ends_task
FROM task_attempts e;

-- put_schedule: by name; what exists keeps its created_at.
INSERT INTO esteira.task_schedules (
  name, cron, timezone, type_id, payload, priority, max_retries, tags, missed, missed_window_us,
  missed_max, overlap, paused, created_at, updated_at, anchor, handled_until,
  last_nominal_at, last_task_id, queued_at, next_at, look_at, encrypted)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
        $21, $22, $23)
ON CONFLICT (name) DO UPDATE SET
  cron = excluded.cron, timezone = excluded.timezone, type_id = excluded.type_id,
  payload = excluded.payload, priority = excluded.priority, max_retries = excluded.max_retries,
  tags = excluded.tags, missed = excluded.missed, missed_window_us = excluded.missed_window_us,
  missed_max = excluded.missed_max, overlap = excluded.overlap, paused = excluded.paused,
  updated_at = excluded.updated_at, anchor = excluded.anchor,
  handled_until = excluded.handled_until, last_nominal_at = excluded.last_nominal_at,
  last_task_id = excluded.last_task_id, queued_at = excluded.queued_at,
  next_at = excluded.next_at, look_at = excluded.look_at,
  encrypted = excluded.encrypted

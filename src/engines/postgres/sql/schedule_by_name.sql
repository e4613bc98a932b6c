-- schedule
SELECT s.name, s.cron, s.timezone, s.type_id, t.name, t.max_retries, s.payload, s.priority, s.max_retries,
  s.tags, s.missed, s.missed_window_us, s.missed_max, s.overlap, s.paused, s.created_at,
  s.updated_at, s.anchor, s.handled_until, s.last_nominal_at, s.last_task_id,
  s.queued_at, s.next_at, s.look_at, s.encrypted
FROM esteira.task_schedules s JOIN esteira.task_types t ON t.type_id = s.type_id
WHERE s.name = $1

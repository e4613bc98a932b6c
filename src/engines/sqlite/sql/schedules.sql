-- schedules
SELECT s.name, s.cron, s.timezone, s.type_id, t.name, t.max_retries, s.payload, s.priority, s.max_retries,
  s.tags, s.missed, s.missed_window_us, s.missed_max, s.overlap, s.paused, s.created_at_us,
  s.updated_at_us, s.anchor_us, s.handled_until_us, s.last_nominal_at_us, s.last_task_id,
  s.queued_at_us, s.next_at_us, s.look_at_us, s.encrypted
FROM task_schedules s JOIN task_types t ON t.type_id = s.type_id ORDER BY s.name

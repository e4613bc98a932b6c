-- maintain: whether a nominal time was noted before ?1 that is not its schedule's last.
SELECT 1 FROM task_schedule_runs r WHERE r.created_at_us < ?1 AND EXISTS (
  SELECT 1 FROM task_schedule_runs n
  WHERE n.schedule = r.schedule AND n.nominal_at_us > r.nominal_at_us)
LIMIT 1

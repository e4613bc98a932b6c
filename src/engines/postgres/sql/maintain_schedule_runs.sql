-- maintain: a bounded batch of nominal times that were noted 30 days ago, but no schedule's last.
DELETE FROM esteira.task_schedule_runs WHERE (schedule, nominal_at) IN (
  SELECT r.schedule, r.nominal_at FROM esteira.task_schedule_runs r
  WHERE r.created_at < $1 - interval '30 days' AND EXISTS (
    SELECT 1 FROM esteira.task_schedule_runs n
    WHERE n.schedule = r.schedule AND n.nominal_at > r.nominal_at)
  ORDER BY r.created_at LIMIT 1000 FOR UPDATE OF r SKIP LOCKED)

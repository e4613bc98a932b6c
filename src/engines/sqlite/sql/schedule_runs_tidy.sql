-- maintain: a bounded batch of nominal times that were noted before ?1, but no schedule's last.
DELETE FROM task_schedule_runs WHERE (schedule, nominal_at_us) IN (
  SELECT r.schedule, r.nominal_at_us FROM task_schedule_runs r
  WHERE r.created_at_us < ?1 AND EXISTS (
    SELECT 1 FROM task_schedule_runs n
    WHERE n.schedule = r.schedule AND n.nominal_at_us > r.nominal_at_us)
  LIMIT ?2)

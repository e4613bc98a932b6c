-- claim, has_ready: the lane of flows below a priority, with its oldest task.
SELECT lane, min(run_at_us) FROM task_queued WHERE type_id = ?1 AND lane = (
  SELECT lane FROM task_queued WHERE type_id = ?1 AND lane < ?2 ORDER BY lane DESC LIMIT 1)
GROUP BY lane

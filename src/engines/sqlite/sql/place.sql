-- cancel, retry, remove, edit, under the write lock.
SELECT s.status, s.max_retries, s.unique_key, s.type_id, s.priority, s.run_at_us, s.retries,
  s.crashes, s.ended_attempts, json_extract(r.terms, '$.flow_key') IS NOT NULL,
  EXISTS (SELECT 1 FROM task_slots x WHERE x.task_id = s.task_id),
  EXISTS (SELECT 1 FROM task_blocked b WHERE b.task_id = s.task_id)
FROM task_states s JOIN task_requests r ON r.task_id = s.task_id WHERE s.task_id = ?1

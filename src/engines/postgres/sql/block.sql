-- retry_batch: takes a task that became ready just now back, until its batch has ended again.
WITH taken AS (
  DELETE FROM esteira.task_ready w USING (
    SELECT r.type_id, r.priority, p.run_at, r.task_id
    FROM esteira.task_requests r JOIN esteira.task_reopened p ON p.task_id = r.task_id
    WHERE r.task_id = ANY ($1)) k
  WHERE w.type_id = k.type_id AND w.priority = k.priority AND w.run_at = k.run_at
    AND w.task_id = k.task_id
  RETURNING w.task_id, w.run_at, w.type_id, w.priority, w.attempt, w.retries, w.crashes, w.keyed
), queued AS (
  DELETE FROM esteira.task_queued w WHERE w.task_id = ANY ($1)
  RETURNING w.task_id, w.run_at, w.type_id, w.priority, w.attempt, w.retries, w.crashes, w.keyed
)
INSERT INTO esteira.task_blocked (task_id, run_at, type_id, priority, attempt, retries, crashes,
                                  keyed)
SELECT * FROM taken UNION ALL SELECT * FROM queued

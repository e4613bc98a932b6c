-- cancel, retry, remove, edit, under the write lock.
SELECT status, max_retries, unique_key, type_id, priority, run_at_us, retries, crashes,
  ended_attempts
FROM task_states WHERE task_id = ?1

-- maintain: whether the oldest change is one that nobody resumes from any more.
SELECT 1 FROM task_changes
WHERE seq = (SELECT min(seq) FROM task_changes) AND seq < (SELECT max(seq) FROM task_changes)
  AND at_us < ?1

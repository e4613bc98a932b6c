-- maintain: old changes, never the newest.
DELETE FROM task_changes WHERE seq IN (
  SELECT seq FROM (SELECT seq, at_us FROM task_changes ORDER BY seq LIMIT ?2)
  WHERE at_us < ?1) AND seq < (SELECT max(seq) FROM task_changes)

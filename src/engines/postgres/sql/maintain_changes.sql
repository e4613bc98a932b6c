-- maintain: changes that have been visible for two minutes, and the marks before the one that says
-- so.
WITH mark AS MATERIALIZED (
  SELECT m.at, m.snapshot FROM esteira.task_change_marks m
  WHERE m.at <= $1 - interval '2 minutes' ORDER BY m.at DESC LIMIT 1
), old AS MATERIALIZED (
  SELECT c.ctid FROM mark m
  CROSS JOIN LATERAL (
    SELECT c.ctid FROM esteira.task_changes c
    WHERE c.xid < pg_snapshot_xmax(m.snapshot) AND pg_visible_in_snapshot(c.xid, m.snapshot)
    ORDER BY c.xid LIMIT 10000 FOR UPDATE SKIP LOCKED
  ) c
), gone AS (
  DELETE FROM esteira.task_changes WHERE ctid = ANY (ARRAY(SELECT ctid FROM old))
)
DELETE FROM esteira.task_change_marks d USING mark m WHERE d.at < m.at

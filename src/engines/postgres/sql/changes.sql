-- changes: what the snapshot `$1` did not see and this one does: transactions that began after it,
-- and those that were under way; the newest first. One row is there in any case: it says where
-- the next look begins, and whether the snapshot is older than what was removed, or none of this
-- server's.
WITH found AS (
  (SELECT c.task_ids FROM esteira.task_changes c
   WHERE c.xid >= pg_snapshot_xmax($1::text::pg_snapshot) ORDER BY c.xid DESC LIMIT $2)
  UNION ALL
  -- As an array: the planner takes a function's rows for a thousand, and would read the whole table.
  (SELECT c.task_ids FROM esteira.task_changes c
   WHERE c.xid = ANY (ARRAY(SELECT pg_snapshot_xip($1::text::pg_snapshot))) LIMIT $2)
), horizon AS (
  SELECT m.snapshot FROM esteira.task_change_marks m ORDER BY m.at LIMIT 1
)
SELECT pg_current_snapshot()::text,
       coalesce(pg_snapshot_xmax($1::text::pg_snapshot) > pg_snapshot_xmax(pg_current_snapshot())
                OR pg_snapshot_xmax($1::text::pg_snapshot) < pg_snapshot_xmax(h.snapshot)
                OR EXISTS (SELECT FROM pg_snapshot_xip($1::text::pg_snapshot) AS x (xid)
                           WHERE pg_visible_in_snapshot(x.xid, h.snapshot)), false),
       null::bigint[]
FROM (SELECT) one LEFT JOIN horizon h ON true
UNION ALL
SELECT null, null, f.task_ids FROM found f

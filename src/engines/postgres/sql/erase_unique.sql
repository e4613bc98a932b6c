-- remove, prune: the keys of tasks that go, also a window's; locked in key order, as those who take
-- them do.
WITH held AS MATERIALIZED (
  SELECT u.type_id, u.unique_key
  FROM unnest($1::bigint[]) AS i (task_id)
  CROSS JOIN LATERAL (SELECT * FROM esteira.task_requests r WHERE r.task_id = i.task_id
                      AND r.unique_key IS NOT NULL OFFSET 0) r
  JOIN esteira.task_unique u
    ON u.type_id = r.type_id AND u.unique_key = r.unique_key AND u.task_id = r.task_id
  ORDER BY u.type_id, u.unique_key FOR UPDATE OF u
)
DELETE FROM esteira.task_unique u USING held h
WHERE u.type_id = h.type_id AND u.unique_key = h.unique_key

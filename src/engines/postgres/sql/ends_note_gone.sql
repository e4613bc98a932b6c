-- remove, prune: ends that children of these tasks were not told of.
INSERT INTO esteira.task_ends (task_id, status)
SELECT e.task_id, CASE e.status WHEN 'COMPLETED' THEN 2 WHEN 'CANCELLED' THEN 4 ELSE 3 END
FROM unnest($1::bigint[]) AS i (task_id)
CROSS JOIN LATERAL (SELECT * FROM esteira.task_executions x WHERE x.task_id = i.task_id
                    ORDER BY x.attempt DESC LIMIT 1) e
WHERE e.ends_task
  AND (SELECT EXISTS (SELECT FROM esteira.task_dependencies))
  AND (SELECT d.parent_id FROM esteira.task_dependencies d WHERE d.parent_id = i.task_id LIMIT 1)
        IS NOT NULL

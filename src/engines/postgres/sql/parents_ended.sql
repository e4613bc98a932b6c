-- insert, retry, after their commit: ends of parents that came while these were held back.
INSERT INTO esteira.task_ends (task_id, status)
SELECT t.task_id,
       CASE t.status WHEN 'COMPLETED' THEN 2 WHEN 'FAILED' THEN 3 ELSE 4 END
FROM (SELECT DISTINCT d.parent_id FROM esteira.task_dependencies d
      WHERE d.child_id = ANY ($1) AND d.parent_id > 0) p
CROSS JOIN LATERAL (SELECT * FROM esteira.tasks t WHERE t.task_id = p.parent_id OFFSET 0) t
WHERE t.status IN ('COMPLETED', 'FAILED', 'CANCELLED')

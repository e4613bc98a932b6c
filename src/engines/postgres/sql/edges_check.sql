-- work_dependencies: some edges from a place on, for ends that nobody tells of. Answers how far it
-- went (nothing: to the last), and how many ends it found.
WITH looked AS MATERIALIZED (
  SELECT child_id, parent_id FROM esteira.task_dependencies
  WHERE (child_id, parent_id) > ($1, $2) ORDER BY child_id, parent_id LIMIT :limit
), parents AS MATERIALIZED (
  SELECT DISTINCT parent_id FROM looked WHERE parent_id > 0
), found AS (
  INSERT INTO esteira.task_ends (task_id, status)
  SELECT t.task_id,
         CASE t.status WHEN 'COMPLETED' THEN 2 WHEN 'FAILED' THEN 3 ELSE 4 END
  FROM parents p
  CROSS JOIN LATERAL (SELECT * FROM esteira.tasks t WHERE t.task_id = p.parent_id OFFSET 0) t
  WHERE t.status IN ('COMPLETED', 'FAILED', 'CANCELLED')
    AND NOT EXISTS (SELECT FROM esteira.task_ends e WHERE e.task_id = t.task_id)
  RETURNING task_id
), last AS (
  SELECT child_id, parent_id FROM looked ORDER BY child_id DESC, parent_id DESC LIMIT 1
)
SELECT CASE WHEN (SELECT count(*) FROM looked) = :limit THEN (SELECT child_id FROM last) END,
       (SELECT parent_id FROM last), (SELECT count(*) FROM found)

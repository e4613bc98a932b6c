-- drop_range: some of what is left beside the tables of a range that was dropped.
WITH numbers AS (
  DELETE FROM esteira.task_numbers WHERE task_id IN (
    SELECT task_id FROM esteira.task_numbers WHERE task_id >= $1 AND task_id < $2
    ORDER BY task_id LIMIT :limit)
  RETURNING 1
), reopened AS (
  DELETE FROM esteira.task_reopened WHERE task_id IN (
    SELECT task_id FROM esteira.task_reopened WHERE task_id >= $1 AND task_id < $2
    ORDER BY task_id LIMIT :limit)
  RETURNING 1
), edits AS (
  DELETE FROM esteira.task_edits WHERE task_id IN (
    SELECT task_id FROM esteira.task_edits WHERE task_id >= $1 AND task_id < $2
    ORDER BY task_id LIMIT :limit)
  RETURNING 1
), cancels AS (
  DELETE FROM esteira.task_cancels WHERE task_id IN (
    SELECT task_id FROM esteira.task_cancels WHERE task_id >= $1 AND task_id < $2
    ORDER BY task_id LIMIT :limit)
  RETURNING 1
), checkpoints AS (
  DELETE FROM esteira.task_checkpoints WHERE task_id IN (
    SELECT task_id FROM esteira.task_checkpoints WHERE task_id >= $1 AND task_id < $2
    ORDER BY task_id LIMIT :limit)
  RETURNING 1
), progress AS (
  DELETE FROM esteira.task_progress WHERE task_id IN (
    SELECT task_id FROM esteira.task_progress WHERE task_id >= $1 AND task_id < $2
    ORDER BY task_id LIMIT :limit)
  RETURNING 1
), slots AS (
  DELETE FROM esteira.task_slots WHERE task_id IN (
    SELECT task_id FROM esteira.task_slots WHERE task_id >= $1 AND task_id < $2
    ORDER BY task_id LIMIT :limit)
  RETURNING 1
), ciphers AS (
  DELETE FROM esteira.task_ciphers WHERE task_id IN (
    SELECT task_id FROM esteira.task_ciphers WHERE task_id >= greatest($1, 1) AND task_id < $2
    ORDER BY task_id LIMIT :limit)
  RETURNING 1
), edges AS (
  DELETE FROM esteira.task_dependencies WHERE (parent_id, child_id) IN (
    SELECT parent_id, child_id FROM esteira.task_dependencies
    WHERE child_id >= $1 AND child_id < $2 ORDER BY child_id, parent_id LIMIT :limit)
  RETURNING 1
)
SELECT (SELECT count(*) FROM numbers)
     + (SELECT count(*) FROM reopened)
     + (SELECT count(*) FROM edits)
     + (SELECT count(*) FROM cancels)
     + (SELECT count(*) FROM checkpoints)
     + (SELECT count(*) FROM progress)
     + (SELECT count(*) FROM slots)
     + (SELECT count(*) FROM ciphers)
     + (SELECT count(*) FROM edges)

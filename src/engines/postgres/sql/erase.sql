-- remove, prune: everything that is kept of these tasks, which no longer wait or run.
WITH gone AS (
  DELETE FROM esteira.task_requests WHERE task_id = ANY ($1)
  RETURNING task_id, tags
), edges AS (
  DELETE FROM esteira.task_dependencies WHERE child_id = ANY ($1)
), slots AS (
  DELETE FROM esteira.task_slots WHERE task_id = ANY ($1)
), tags AS (
  DELETE FROM esteira.task_tags t USING (SELECT unnest(tags) AS tag, task_id FROM gone) g
  WHERE t.tag = g.tag AND t.task_id = g.task_id
), executions AS (
  DELETE FROM esteira.task_executions WHERE task_id = ANY ($1)
), reopened AS (
  DELETE FROM esteira.task_reopened WHERE task_id = ANY ($1)
), edits AS (
  DELETE FROM esteira.task_edits WHERE task_id = ANY ($1)
), cancels AS (
  DELETE FROM esteira.task_cancels WHERE task_id = ANY ($1)
), checkpoints AS (
  DELETE FROM esteira.task_checkpoints WHERE task_id = ANY ($1)
), progress AS (
  DELETE FROM esteira.task_progress WHERE task_id = ANY ($1)
), ciphers AS (
  DELETE FROM esteira.task_ciphers WHERE task_id = ANY ($1)
), logs AS (
  DELETE FROM esteira.task_logs WHERE task_id = ANY ($1)
)
DELETE FROM esteira.task_numbers WHERE task_id = ANY ($1)

-- finish: tables that are mostly empty, looked at once a tick instead of once a task.
SELECT EXISTS (SELECT 1 FROM task_cancels),
  EXISTS (SELECT 1 FROM task_checkpoints) OR EXISTS (SELECT 1 FROM task_progress),
  EXISTS (SELECT 1 FROM task_dependencies) OR EXISTS (SELECT 1 FROM task_batch_members)

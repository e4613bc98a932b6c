-- tick: whether the first ?2 due tasks are of several types or priorities, or belong to flows.
SELECT min(type_id) <> max(type_id) OR min(priority) <> max(priority) OR max(flags & 4) > 0
FROM (SELECT type_id, priority, flags FROM task_scheduled WHERE run_at_us <= ?1
      ORDER BY run_at_us, task_id LIMIT ?2)

-- telling of ends: a task that was counted as ?2 counts as ?3.
UPDATE task_batches SET
  pending = pending + (?3 = 0) - (?2 = 0), completed = completed + (?3 = 2) - (?2 = 2),
  failed = failed + (?3 = 3) - (?2 = 3), cancelled = cancelled + (?3 = 4) - (?2 = 4)
WHERE batch_no = ?1

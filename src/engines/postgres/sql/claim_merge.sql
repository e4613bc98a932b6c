    UNION ALL
    -- Lanes of one rank: their heads are merged without locks, then the best are locked.
    SELECT * FROM (
      SELECT r.*
      FROM (
        SELECT b.* FROM unnest($14::integer[], $15::integer[], $16::integer[], $17::timestamptz[],
                               $18::bigint[]) AS m (step, type_id, priority, run_at, task_id)
        CROSS JOIN LATERAL (
          SELECT r.type_id, r.priority, r.run_at, r.task_id FROM esteira.task_ready r
          WHERE r.type_id = m.type_id AND r.priority = m.priority
            AND (r.run_at, r.task_id) > (m.run_at, m.task_id)
            AND NOT (SELECT t.paused OR t.gated FROM esteira.task_types t WHERE t.type_id = m.type_id)
          ORDER BY r.priority DESC, r.run_at, r.task_id LIMIT :candidates
        ) b
        WHERE s.kind = 2 AND m.step = s.step
        ORDER BY b.run_at, b.task_id LIMIT :candidates
      ) c
      CROSS JOIN LATERAL (
        SELECT * FROM esteira.task_ready r
        WHERE r.type_id = c.type_id AND r.priority = c.priority AND r.run_at = c.run_at
          AND r.task_id = c.task_id
        FOR UPDATE SKIP LOCKED
      ) r
    ) merged

-- stats: type, waiting, due, the oldest; due rows wait here for their promotion.
SELECT type_id, count(*), sum(run_at_us <= ?1), min(run_at_us) FROM task_scheduled GROUP BY type_id

-- stats: type, waiting, due, the oldest.
SELECT type_id, count(*), sum(run_at_us <= ?1), min(run_at_us) FROM task_queued GROUP BY type_id

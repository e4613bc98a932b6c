-- claim: attempts of a type with a circuit breaker that ended well (COMPLETED), and badly (FAILED,
-- TIMED_OUT, EXPIRED), from a minute on.
SELECT coalesce(sum(count), 0), coalesce(sum(iif(bucket = 0, 0, count)), 0) FROM task_stats_minute
WHERE measure = 'execution' AND minute >= ?2 AND type_id = ?1 AND bucket IN (0, 1, 2, 5)

-- maintain: marks what is visible now, every ten seconds.
INSERT INTO esteira.task_change_marks (at, snapshot)
SELECT $1, pg_current_snapshot()
WHERE NOT EXISTS (SELECT FROM esteira.task_change_marks m WHERE m.at > $1 - interval '10 seconds')
ON CONFLICT DO NOTHING

-- tick, cancel, retry, remove: what this transaction changed. Too many are not named.
INSERT INTO esteira.task_changes (at, task_ids)
SELECT $1, CASE WHEN cardinality(i.ids) <= 100 THEN i.ids END FROM (SELECT $2::bigint[]) AS i (ids)

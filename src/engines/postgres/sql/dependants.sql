-- telling of ends: who waits for these, parent by parent.
SELECT d.parent_id, d.child_id
FROM (SELECT * FROM unnest($1::bigint[]) AS i (task_id) ORDER BY task_id) i
CROSS JOIN LATERAL (SELECT * FROM esteira.task_dependencies d WHERE d.parent_id = i.task_id
                    ORDER BY d.child_id LIMIT :limit) d
ORDER BY d.parent_id, d.child_id LIMIT :limit

-- stats: what runs, by type.
SELECT r.type_id, count(*)
FROM esteira.task_running o
CROSS JOIN LATERAL (SELECT r.type_id FROM esteira.task_requests r WHERE r.task_id = o.task_id
                    OFFSET 0) r
GROUP BY r.type_id

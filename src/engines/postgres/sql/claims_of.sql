-- claims_of: what settling needs of everything that a worker holds. There are few leases.
SELECT o.task_id, o.attempt, o.lease_id, r.type_id, r.priority, o.retries, o.crashes, o.run_at,
       r.max_retries, r.timeout_us, r.scheduled_for, r.created_at, o.started_at, o.expires_at,
       EXISTS (SELECT FROM esteira.task_cancels c
               WHERE c.task_id = o.task_id AND c.attempt = o.attempt),
       r.terms
FROM esteira.task_running o
CROSS JOIN LATERAL (SELECT * FROM esteira.task_requests r WHERE r.task_id = o.task_id OFFSET 0) r
WHERE o.worker = $1

-- claim again, take_expired: the open tasks of a lease, as claims.
SELECT o.task_id, o.attempt, r.type_id, r.priority, o.retries, o.crashes, o.run_at, r.payload,
       r.max_retries, r.timeout_us, r.tags, r.unique_key, r.traceparent, r.scheduled_for,
       r.created_at,
       (SELECT k.state FROM esteira.task_checkpoints k WHERE k.task_id = o.task_id),
       r.terms, o.started_at, o.expires_at, o.previous_worker,
       EXISTS (SELECT FROM esteira.task_cancels c
               WHERE c.task_id = o.task_id AND c.attempt = o.attempt)
FROM esteira.task_running o
CROSS JOIN LATERAL (SELECT * FROM esteira.task_requests r WHERE r.task_id = o.task_id OFFSET 0) r
WHERE o.lease_id = $1
ORDER BY r.priority DESC, o.run_at, o.task_id

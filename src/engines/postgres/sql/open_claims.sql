-- open_claims: what settling needs of the claims that are live among those named. `$1` the
-- leases, then the fences.
SELECT o.task_id, o.attempt, o.lease_id, r.type_id, r.priority, o.retries, o.crashes, o.run_at,
       r.max_retries, r.timeout_us, r.scheduled_for, r.created_at, o.started_at, o.expires_at,
       EXISTS (SELECT FROM esteira.task_cancels c
               WHERE c.task_id = o.task_id AND c.attempt = o.attempt),
       r.terms
FROM esteira.task_running o
JOIN unnest($2::uuid[], $3::bigint[], $4::integer[]) AS n (lease_id, task_id, attempt)
  ON n.lease_id = o.lease_id AND n.task_id = o.task_id AND n.attempt = o.attempt
CROSS JOIN LATERAL (SELECT * FROM esteira.task_requests r WHERE r.task_id = o.task_id OFFSET 0) r
WHERE o.lease_id = ANY ($1)

-- claim: how far a gate stands after it.
UPDATE esteira.task_gates
SET cursor = $2, taken = $3, bucket_rate = $4, bucket_credit = $5, bucket_at = $6,
    breaker = $7
WHERE type_id = $1

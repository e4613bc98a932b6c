-- claim: how far the gate stands after it.
INSERT INTO task_gates (type_id, cursor, taken, bucket_rate, bucket_credit, bucket_at_us, breaker)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (type_id) DO UPDATE SET
  cursor = excluded.cursor, taken = excluded.taken, bucket_rate = excluded.bucket_rate,
  bucket_credit = excluded.bucket_credit, bucket_at_us = excluded.bucket_at_us,
  breaker = excluded.breaker

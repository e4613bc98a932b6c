-- claim: how far a flow's bucket stands after it.
INSERT INTO task_flow_buckets (type_id, flow_key, rate, credit, at_us, full_at_us)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (type_id, flow_key) DO UPDATE SET
  rate = excluded.rate, credit = excluded.credit, at_us = excluded.at_us,
  full_at_us = excluded.full_at_us

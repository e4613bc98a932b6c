-- claim: how far flows' buckets stand after it.
INSERT INTO esteira.task_flow_buckets (type_id, flow_key, rate, credit, at, full_at)
SELECT $1, i.* FROM unnest($2::text[], $3::text[], $4::bigint[], $5::timestamptz[],
                           $6::timestamptz[]) AS i (flow_key, rate, credit, at, full_at)
ON CONFLICT (type_id, flow_key) DO UPDATE SET
  rate = excluded.rate, credit = excluded.credit, at = excluded.at, full_at = excluded.full_at

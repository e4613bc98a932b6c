-- insert.
INSERT INTO task_requests (task_id, type_id, priority, max_retries, scheduled_for_us, created_at_us,
  timeout_us, unique_key, traceparent, tags, payload, terms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)

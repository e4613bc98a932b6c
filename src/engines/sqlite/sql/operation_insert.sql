-- start_operation.
INSERT INTO task_operations (action, filter_status, filter_type, filter_tag,
  filter_created_after_us, filter_created_before_us, status, matched, done, applied, skipped,
  created_at_us, updated_at_us, completed_at_us)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, 0, ?9, ?9, ?10)

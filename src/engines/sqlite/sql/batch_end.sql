-- telling of ends: a batch ends as its tasks did, COMPLETED or FAILED, for whom it stands below 0.
INSERT INTO task_ends (task_id, status)
SELECT -batch_no, iif(failed + cancelled > 0, 3, 2) FROM task_batches WHERE batch_no = ?1

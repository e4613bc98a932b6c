-- tasks: of one type, along its index.
SELECT r.task_id FROM esteira.task_requests r
WHERE r.task_id < $1
  AND r.type_id = (SELECT t.type_id FROM esteira.task_types t WHERE t.name = $2)

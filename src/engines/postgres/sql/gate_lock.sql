-- claim: the locks of these gates, in one order, so that two claims don't wait in a circle.
SELECT FROM esteira.task_gates WHERE type_id = ANY ($1) ORDER BY type_id FOR UPDATE

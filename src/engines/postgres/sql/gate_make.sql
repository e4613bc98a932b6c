-- put_type: the gates of types that are gated now.
INSERT INTO esteira.task_gates (type_id) SELECT t.type_id FROM esteira.task_types t
WHERE t.gated AND NOT EXISTS (SELECT FROM esteira.task_gates g WHERE g.type_id = t.type_id)
ON CONFLICT DO NOTHING

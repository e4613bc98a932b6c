-- telling of ends.
DELETE FROM esteira.task_dependencies d
USING unnest($1::bigint[], $2::bigint[]) AS i (parent_id, child_id)
WHERE d.parent_id = i.parent_id AND d.child_id = i.child_id

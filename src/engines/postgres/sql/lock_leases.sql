-- tick: every lease that the tick speaks of, locked in one order, so that each later statement
-- sees what the one who held it before has done.
SELECT FROM esteira.task_leases WHERE lease_id = ANY ($1) ORDER BY lease_id, part FOR UPDATE

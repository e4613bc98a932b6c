-- claim again, take_expired: whether an earlier call with this lease_id got through.
SELECT count(*) FROM esteira.task_leases WHERE lease_id = $1

-- finish, take_expired: once none of its tasks is open.
DELETE FROM task_leases WHERE lease_id = ?1 AND part = ?2

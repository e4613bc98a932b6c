-- remove_session
DELETE FROM esteira.sessions WHERE token_hash = $1

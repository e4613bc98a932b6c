-- revoke_key: the first revocation's time stays
UPDATE esteira.api_keys SET revoked_at = coalesce(revoked_at, $2) WHERE key_id = $1

-- revoke_key: the first revocation's time stays.
UPDATE api_keys SET revoked_at_us = coalesce(revoked_at_us, ?2) WHERE key_id = ?1

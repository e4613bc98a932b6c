-- The keys of the API, without their secrets, and the audit trail. A key is never deleted: a trail
-- that names it must stay readable, and whether any was ever made decides who may ask without one.
CREATE TABLE esteira.api_keys (
  key_id text PRIMARY KEY,
  name text NOT NULL,
  scopes text NOT NULL,
  secret_hash bytea NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz
);

-- The JSON is kept as the text that was hashed: the type json leaves it as it is, jsonb would not.
CREATE TABLE esteira.audit_log (
  seq bigint PRIMARY KEY,
  at timestamptz NOT NULL,
  actor text NOT NULL,
  action text NOT NULL,
  target text NOT NULL,
  before json,
  after json,
  address text NOT NULL,
  previous_hash bytea NOT NULL,
  hash bytea NOT NULL
);

-- What is written stays as it is written.
CREATE FUNCTION esteira.audit_log_refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
  RAISE EXCEPTION 'esteira.audit_log is append-only' USING ERRCODE = '42501';
END
$function$;
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON esteira.audit_log
FOR EACH STATEMENT EXECUTE FUNCTION esteira.audit_log_refuse();
ALTER TABLE esteira.audit_log ENABLE ALWAYS TRIGGER audit_log_append_only;

-- The tasks of a gated type are claimed under the gate's lock, which keeps its limits exact. A type
-- that was gated once stays so, for its tasks may stand in flows.
ALTER TABLE esteira.task_types ADD COLUMN gated boolean NOT NULL DEFAULT false;
UPDATE esteira.task_types SET gated = true WHERE concurrency IS NOT NULL OR rate IS NOT NULL;
ALTER TABLE esteira.task_leases ADD COLUMN gated boolean NOT NULL DEFAULT false;
ALTER TABLE esteira.task_scheduled ADD COLUMN flow_key text COLLATE "C";

-- What waits, is due and belongs to a flow. Flows take turns within a lane (a priority); in an
-- ordered type all tasks share lane 0, and `turn_at` is the same too, so that only their ids order
-- them.
CREATE TABLE esteira.task_queued (
  task_id bigint PRIMARY KEY,
  run_at timestamptz NOT NULL,
  turn_at timestamptz NOT NULL,
  type_id integer NOT NULL,
  lane integer NOT NULL,
  priority integer NOT NULL,
  attempt integer NOT NULL,
  retries integer NOT NULL,
  crashes integer NOT NULL,
  keyed boolean NOT NULL,
  flow_key text COLLATE "C" NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
        autovacuum_vacuum_insert_threshold = -1, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX task_queued_turns ON esteira.task_queued (type_id, lane, flow_key, turn_at, task_id);
CREATE INDEX task_queued_age ON esteira.task_queued (type_id, lane, run_at);

-- What runs of the gated types: written with the lease, gone with the attempt. In an ordered type a
-- task keeps its slot while it waits to be tried again (not `running`), and holds up its flow.
CREATE TABLE esteira.task_slots (
  task_id bigint PRIMARY KEY,
  type_id integer NOT NULL,
  running boolean NOT NULL,
  kept boolean NOT NULL,
  flow_key text COLLATE "C"
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
        autovacuum_vacuum_cost_delay = 0);
CREATE INDEX task_slots_flow ON esteira.task_slots (type_id, flow_key);

-- A row a gated type: its lock, and how far its turns and its bucket stand.
CREATE TABLE esteira.task_gates (
  type_id integer PRIMARY KEY,
  taken integer NOT NULL DEFAULT 0,
  bucket_credit bigint,
  bucket_at timestamptz,
  bucket_rate text,
  cursor text COLLATE "C" NOT NULL DEFAULT ''
) WITH (fillfactor = 50);
INSERT INTO esteira.task_gates (type_id) SELECT type_id FROM esteira.task_types WHERE gated;
-- The buckets of flows, until they would be full again.
CREATE TABLE esteira.task_flow_buckets (
  type_id integer NOT NULL,
  credit bigint NOT NULL,
  at timestamptz NOT NULL,
  full_at timestamptz NOT NULL,
  rate text NOT NULL,
  flow_key text COLLATE "C" NOT NULL,
  PRIMARY KEY (type_id, flow_key)
);
CREATE INDEX task_flow_buckets_full ON esteira.task_flow_buckets (full_at);

-- Where a due task of a flow stands: its lane, and its place within the flow.
CREATE FUNCTION esteira.turn_of(policy jsonb, priority integer, run_at timestamptz,
                                OUT lane integer, OUT turn_at timestamptz)
LANGUAGE sql IMMUTABLE
AS $function$
  SELECT CASE WHEN coalesce((policy -> 'ordered')::boolean, false) THEN 0 ELSE priority END,
         CASE WHEN coalesce((policy -> 'ordered')::boolean, false) THEN 'epoch' ELSE run_at END
$function$;

-- The flow that a task of this payload belongs to; null where the type has no flows. As the program
-- reads it: a text, a whole number or a truth value; what is absent is a flow of its own.
CREATE FUNCTION esteira.flow_key(policy jsonb, payload jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
  pointer constant text := policy ->> 'key';
  value jsonb;
  key text;
BEGIN
  IF pointer IS NULL THEN
    RETURN NULL;
  END IF;
  SELECT payload #> array_agg(replace(replace(p.step, '~1', '/'), '~0', '~') ORDER BY p.no)
  INTO value
  FROM unnest(string_to_array(substr(pointer, 2), '/')) WITH ORDINALITY AS p (step, no);
  key := coalesce(value #>> '{}', '');
  IF jsonb_typeof(value) IN ('object', 'array')
     OR (jsonb_typeof(value) = 'number' AND key !~ '^-?[0-9]+$') OR octet_length(key) > 255 THEN
    RAISE EXCEPTION 'the payload holds no flow key at %: a text of at most 255 bytes, a whole number or a truth value',
      pointer USING ERRCODE = '22023';
  END IF;
  RETURN key;
END
$function$;

-- As before, and a task of a type with flows joins its own.
CREATE OR REPLACE FUNCTION esteira.create_task(
  type text, payload jsonb, priority integer DEFAULT 0, scheduled_for timestamptz DEFAULT NULL,
  max_retries integer DEFAULT NULL, unique_key text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
  called constant text := CASE create_task.type WHEN 'SEND_MESSAGE' THEN 'MESSAGE_SEND'
                                                ELSE create_task.type END;
  body constant jsonb := coalesce(create_task.payload, 'null');
  rank constant integer := coalesce(create_task.priority, 0);
  stamp constant timestamptz := clock_timestamp();
  due constant timestamptz := coalesce(create_task.scheduled_for, stamp);
  budget integer;
  kind integer;
  policy jsonb;
  flow text;
  flows boolean;
  new_id bigint;
  holder bigint;
BEGIN
  SELECT t.type_id, coalesce(create_task.max_retries, t.max_retries), t.flow
  INTO kind, budget, policy
  FROM esteira.task_types t WHERE t.name = called;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'unknown task type "%"', create_task.type
      USING ERRCODE = 'ES001', HINT = 'esteira type list';
  END IF;
  IF octet_length(body::text) > 1048576 THEN
    RAISE EXCEPTION 'the payload is larger than 1 MiB' USING ERRCODE = '22023';
  END IF;
  IF rank NOT BETWEEN -32768 AND 32767 THEN
    RAISE EXCEPTION 'the priority is not from -32768 to 32767' USING ERRCODE = '22023';
  END IF;
  IF budget NOT BETWEEN 0 AND 1000 THEN
    RAISE EXCEPTION 'max_retries is not from 0 to 1000' USING ERRCODE = '22023';
  END IF;
  IF due NOT BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00' THEN
    RAISE EXCEPTION 'scheduled_for is not within the years 1 to 9999' USING ERRCODE = '22023';
  END IF;
  IF octet_length(create_task.unique_key) NOT BETWEEN 1 AND 255 THEN
    RAISE EXCEPTION 'unique_key is not 1 to 255 bytes long' USING ERRCODE = '22023';
  END IF;
  flow := esteira.flow_key(policy, body);
  flows := flow IS NOT NULL;

  new_id := nextval('esteira.task_ids');
  IF create_task.unique_key IS NOT NULL THEN
    INSERT INTO esteira.task_unique (type_id, unique_key, task_id)
    VALUES (kind, create_task.unique_key, new_id) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
      SELECT u.task_id INTO holder FROM esteira.task_unique u
      WHERE u.type_id = kind AND u.unique_key = create_task.unique_key;
      RAISE EXCEPTION 'another task of type "%" holds this unique key', called
        USING ERRCODE = 'ES002', DETAIL = format('task_id %s', coalesce(holder::text, 'unknown'));
    END IF;
  END IF;

  INSERT INTO esteira.task_requests (task_id, created_at, scheduled_for, type_id, priority,
                                     max_retries, unique_key, payload, terms)
  VALUES (new_id, stamp, create_task.scheduled_for, kind, rank, budget, create_task.unique_key,
          body, CASE WHEN flows THEN jsonb_build_object('flow_key', flow) END);
  IF due <= stamp AND flows THEN
    INSERT INTO esteira.task_queued (task_id, type_id, lane, flow_key, turn_at, priority, run_at,
                                     attempt, retries, crashes, keyed)
    SELECT new_id, kind, p.lane, flow, p.turn_at, rank, due, 0, 0, 0,
           create_task.unique_key IS NOT NULL
    FROM esteira.turn_of(policy, rank, due) p;
  ELSIF due <= stamp THEN
    INSERT INTO esteira.task_ready (type_id, priority, run_at, task_id, attempt, retries, crashes,
                                    keyed)
    VALUES (kind, rank, due, new_id, 0, 0, 0, create_task.unique_key IS NOT NULL);
  ELSE
    INSERT INTO esteira.task_scheduled (type_id, priority, run_at, task_id, attempt, retries,
                                        crashes, keyed, flow_key)
    VALUES (kind, rank, due, new_id, 0, 0, 0, create_task.unique_key IS NOT NULL, flow);
  END IF;
  INSERT INTO esteira.task_changes (at, task_ids) VALUES (stamp, ARRAY[new_id]);
  RETURN new_id;
END
$function$;

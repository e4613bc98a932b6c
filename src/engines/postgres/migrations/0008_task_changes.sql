-- Which tasks a transaction changed, for who shows them: a row a transaction (create_task: a row a
-- call), kept for two minutes. `task_ids` null: too many to be named. `xid` is the transaction's: a
-- reader that holds an earlier snapshot finds what it did not see there, however late it was
-- committed, and nothing twice.
CREATE TABLE esteira.task_changes (
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  at timestamptz NOT NULL,
  task_ids bigint[]
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
        autovacuum_vacuum_insert_threshold = -1, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX task_changes_xid ON esteira.task_changes (xid);

-- What was visible when. Changes go once they have been visible for two minutes, by the mark of that
-- time; the oldest mark is the one by which they went, and older snapshots have missed some.
CREATE TABLE esteira.task_change_marks (
  at timestamptz PRIMARY KEY,
  snapshot pg_snapshot NOT NULL
);
INSERT INTO esteira.task_change_marks (at, snapshot) VALUES ('-infinity', pg_current_snapshot());

-- As before, and its change is noted.
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
  new_id bigint;
  holder bigint;
BEGIN
  SELECT t.type_id, coalesce(create_task.max_retries, t.max_retries) INTO kind, budget
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
                                     max_retries, unique_key, payload)
  VALUES (new_id, stamp, create_task.scheduled_for, kind, rank, budget, create_task.unique_key,
          body);
  IF due <= stamp THEN
    INSERT INTO esteira.task_ready (type_id, priority, run_at, task_id, attempt, retries, crashes,
                                    keyed)
    VALUES (kind, rank, due, new_id, 0, 0, 0, create_task.unique_key IS NOT NULL);
  ELSE
    INSERT INTO esteira.task_scheduled (type_id, priority, run_at, task_id, attempt, retries,
                                        crashes, keyed)
    VALUES (kind, rank, due, new_id, 0, 0, 0, create_task.unique_key IS NOT NULL);
  END IF;
  INSERT INTO esteira.task_changes (at, task_ids) VALUES (stamp, ARRAY[new_id]);
  RETURN new_id;
END
$function$;

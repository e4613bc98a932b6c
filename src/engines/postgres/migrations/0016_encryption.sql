-- The data keys of encrypted tasks, each wrapped by the key `key_id`, which is not here. Payload, result
-- and checkpoint of the task open with the data key alone: where the row goes, they are lost for good.
-- The task 0 is the root, of what belongs to no task.
CREATE TABLE esteira.task_ciphers (
  task_id bigint PRIMARY KEY,
  key_id text NOT NULL,
  wrapped text NOT NULL
);
CREATE INDEX task_ciphers_key ON esteira.task_ciphers (key_id, task_id);

-- The payload is enciphered under the root.
ALTER TABLE esteira.task_schedules ADD COLUMN encrypted boolean NOT NULL DEFAULT false;

-- As before, and a type that is encrypted is refused: the keys are not here.
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
  IF coalesce((policy ->> 'encrypted')::boolean, false) THEN
    RAISE EXCEPTION 'tasks of type "%" are encrypted', called
      USING ERRCODE = 'ES003', HINT = 'create them through a program that has the encryption keys';
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
    -- Who waited for a transaction that was rolled back, or met a key that was just being released,
    -- looks again.
    FOR look IN 1 .. 20 LOOP
      INSERT INTO esteira.task_unique (type_id, unique_key, task_id)
      VALUES (kind, create_task.unique_key, new_id) ON CONFLICT DO NOTHING;
      EXIT WHEN FOUND;
      UPDATE esteira.task_unique u SET task_id = new_id, scope = 0, until = NULL
      WHERE u.type_id = kind AND u.unique_key = create_task.unique_key AND u.until <= stamp;
      EXIT WHEN FOUND;
      SELECT u.task_id INTO holder FROM esteira.task_unique u
      WHERE u.type_id = kind AND u.unique_key = create_task.unique_key;
      IF FOUND OR look = 20 THEN
        RAISE EXCEPTION 'another task of type "%" holds this unique key', called
          USING ERRCODE = 'ES002', DETAIL = format('task_id %s', coalesce(holder::text, 'unknown'));
      END IF;
    END LOOP;
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

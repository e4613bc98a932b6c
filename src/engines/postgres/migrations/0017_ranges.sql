-- What grows with the tasks is kept by ranges of their ids, so that a range that is no longer kept is
-- dropped and not deleted. The tables as they stand become the first range, up to the next round id;
-- what no range has been made for falls into the default ones: an insert never fails for want of one.

-- Statements that wait for a lock that this one waits for would all stand still.
SET LOCAL lock_timeout = '10s';

-- The ranges of ids, each from `low` up to below `high`, each a table "<table>_<high>" of the four.
-- `dropped`: those tables are gone, and rows of others may still name its tasks.
CREATE TABLE esteira.task_ranges (
  low bigint PRIMARY KEY,
  high bigint NOT NULL,
  dropped boolean NOT NULL DEFAULT false
);

-- Makes the next range, unless it is there. Run as their owner, as the two below, so that a role that
-- owns no table can keep the house; not for everybody.
CREATE FUNCTION esteira.make_range(low bigint, high bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
  name text;
BEGIN
  LOCK TABLE esteira.task_ranges IN SHARE ROW EXCLUSIVE MODE;
  IF EXISTS (SELECT FROM esteira.task_ranges g WHERE g.high > make_range.low) THEN
    RETURN;
  END IF;
  FOREACH name IN ARRAY ARRAY['task_requests', 'task_executions', 'task_tags', 'task_logs'] LOOP
    EXECUTE format('CREATE TABLE esteira.%I (LIKE esteira.%I INCLUDING ALL)',
                   name || '_' || make_range.high, name);
    -- Unlike a table that is made a part of the whole, one that is attached to it keeps nobody from
    -- it: only the rest, in which nothing of the range may stand, is locked.
    EXECUTE format('ALTER TABLE esteira.%I ATTACH PARTITION esteira.%I FOR VALUES FROM (%s) TO (%s)',
                   name, name || '_' || make_range.high, make_range.low, make_range.high);
  END LOOP;
  INSERT INTO esteira.task_ranges (low, high) VALUES (make_range.low, make_range.high);
END
$function$;

-- Keeps everybody from changing what the range holds until the transaction's end. False: it is gone.
CREATE FUNCTION esteira.hold_range(high bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
  LOCK TABLE esteira.task_ranges IN SHARE ROW EXCLUSIVE MODE;
  IF NOT EXISTS (SELECT FROM esteira.task_ranges g
                 WHERE g.high = hold_range.high AND NOT g.dropped) THEN
    RETURN false;
  END IF;
  EXECUTE format('LOCK TABLE esteira.%I IN EXCLUSIVE MODE', 'task_requests_' || hold_range.high);
  RETURN true;
END
$function$;

-- Drops the tables of a range that is held.
CREATE FUNCTION esteira.drop_range(high bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['task_requests', 'task_executions', 'task_tags', 'task_logs'] LOOP
    EXECUTE format('DROP TABLE esteira.%I', name || '_' || drop_range.high);
  END LOOP;
  UPDATE esteira.task_ranges g SET dropped = true WHERE g.high = drop_range.high;
END
$function$;

-- Tells the planner what is in the range by now.
CREATE FUNCTION esteira.learn_range(high bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['task_requests', 'task_executions', 'task_tags', 'task_logs'] LOOP
    EXECUTE format('ANALYZE esteira.%I', name || '_' || learn_range.high);
  END LOOP;
END
$function$;

REVOKE ALL ON FUNCTION esteira.make_range, esteira.hold_range, esteira.drop_range,
  esteira.learn_range FROM PUBLIC;

LOCK TABLE esteira.task_requests, esteira.task_executions, esteira.task_tags, esteira.task_logs;

DO $migration$
DECLARE
  width constant bigint := 10000000;
  high constant bigint := (SELECT (last_value / width + 1) * width FROM esteira.task_ids);
  names constant text[] := ARRAY['task_requests', 'task_executions', 'task_tags', 'task_logs'];
  name text;
  part text;
  shown jsonb;
  given record;
BEGIN
  INSERT INTO esteira.meta (key, value) VALUES ('range_width', width);
  INSERT INTO esteira.task_ranges (low, high) VALUES (0, high);
  -- Views hold on to the table, whatever it is called: they are made anew on the whole.
  SELECT jsonb_object_agg(v.oid::regclass::text, pg_get_viewdef(v.oid)) INTO shown
  FROM pg_class v WHERE v.relnamespace = 'esteira'::regnamespace AND v.relkind = 'v';
  FOREACH name IN ARRAY names LOOP
    part := name || '_' || high;
    EXECUTE format('ALTER TABLE esteira.%I RENAME TO %I', name, part);
    FOR given IN SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                 WHERE i.indrelid = format('esteira.%I', part)::regclass LOOP
      EXECUTE format('ALTER INDEX esteira.%I RENAME TO %I', given.relname,
                     part || substr(given.relname, length(name) + 1));
    END LOOP;
    EXECUTE format('CREATE TABLE esteira.%I (LIKE esteira.%I INCLUDING ALL) PARTITION BY RANGE (task_id)',
                   name, part);
    EXECUTE format('ALTER TABLE esteira.%I ATTACH PARTITION esteira.%I FOR VALUES FROM (MINVALUE) TO (%s)',
                   name, part, high);
    EXECUTE format('CREATE TABLE esteira.%I PARTITION OF esteira.%I DEFAULT', name || '_rest', name);
    FOR given IN SELECT a.grantee, a.privilege_type, a.is_grantable
                 FROM pg_class c CROSS JOIN aclexplode(c.relacl) a
                 WHERE c.oid = format('esteira.%I', part)::regclass AND a.grantee <> c.relowner LOOP
      EXECUTE format('GRANT %s ON esteira.%I TO %s%s', given.privilege_type, name,
                     CASE WHEN given.grantee = 0 THEN 'PUBLIC'
                          ELSE given.grantee::regrole::text END,
                     CASE WHEN given.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
    END LOOP;
  END LOOP;
  FOR given IN SELECT key, value FROM jsonb_each_text(shown) LOOP
    EXECUTE format('CREATE OR REPLACE VIEW %s AS %s', given.key, given.value);
  END LOOP;
END
$migration$;

-- In every transaction that writes: as for reading; and statistics that lag behind a load must not
-- turn a look-up by key into a scan of the history. The statements have one good plan each,
-- whatever their parameters: it is kept.
SELECT set_config('statement_timeout', '30s', true), set_config('jit', 'off', true),
       set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
       set_config('plan_cache_mode', 'force_generic_plan', true)

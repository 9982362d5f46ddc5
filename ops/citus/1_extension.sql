-- Once, in the site's database on the coordinator. `shared_preload_libraries` begins with citus.
CREATE EXTENSION IF NOT EXISTS citus;

-- A transaction that changed a reference table and then reads all shards uses one connection for
-- each server; without the first line Citus refuses some of them. The integrity check joins seats
-- and bookings by their ids alone, to find a seat of another show; that needs the second.
DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET citus.multi_shard_modify_mode = sequential',
                   current_database());
    EXECUTE format('ALTER DATABASE %I SET citus.enable_repartition_joins = on',
                   current_database());
END $$;
SET citus.multi_shard_modify_mode = sequential;

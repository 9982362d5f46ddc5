-- Once, in the site's database on the coordinator. `shared_preload_libraries` begins with citus.
CREATE EXTENSION IF NOT EXISTS citus;

-- The coordinator tells the workers these settings of the database, also those that are added later.
-- A transaction that changed a reference table and then reads all shards uses one connection for
-- each server; without the first line Citus refuses some of them. The integrity check joins seats
-- and bookings by their ids alone, to find a seat of another show; that needs the second. The last
-- two are those of the site's own connections (bookmyshow/core/db/limits.py): the workers wait for
-- the locks of shows.
DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET citus.multi_shard_modify_mode = sequential',
                   current_database());
    EXECUTE format('ALTER DATABASE %I SET citus.enable_repartition_joins = on',
                   current_database());
    EXECUTE format('ALTER DATABASE %I SET lock_timeout = %L', current_database(), '4s');
    EXECUTE format('ALTER DATABASE %I SET timezone = %L', current_database(), 'UTC');
END $$;
SET citus.multi_shard_modify_mode = sequential;

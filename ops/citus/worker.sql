-- Once, in the site's database on each worker. `shared_preload_libraries` begins with citus.
CREATE EXTENSION IF NOT EXISTS citus;

-- What the site sets for its own connections (bookmyshow/core/db/limits.py), and the coordinator does
-- not pass on: how long to wait for a lock, and the zone. It ends a statement that takes too long.
DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET lock_timeout = %L', current_database(), '4s');
    EXECUTE format('ALTER DATABASE %I SET timezone = %L', current_database(), 'UTC');
END $$;

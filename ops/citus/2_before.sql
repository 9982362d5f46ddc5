-- Drops what Citus refuses on a table that it divides. `3_tables.sql` adds those foreign keys again
-- that can be kept. docs/sharding.md says what replaces the others.

-- Only the release before the keys with the show needs these (docs/decisions/0023).
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN SELECT tgrelid::regclass AS name FROM pg_trigger WHERE tgname = 'fill_show_id' LOOP
        EXECUTE format('DROP TRIGGER fill_show_id ON %s', found.name);
    END LOOP;
END $$;

-- It writes a table that is on all servers, from the one that has the show. The services write it
-- (shows/screen_times.py).
DROP TRIGGER write_screen_time ON shows_show;

-- Triggers that read other rows. On a server with shards they would have to ask the coordinator.
-- The integrity rules check the same (bookings/integrity/money_rules.py), every night.
DROP TRIGGER order_total_is_sum_of_lines ON payments_order;
DROP TRIGGER orderline_sum_is_total ON payments_orderline;
DROP TRIGGER refunds_within_captured ON payments_refund;

-- The foreign keys that change. Kept are those from a divided table to a divided or a reference
-- table, and those between reference tables. The others would be between a table that is only on
-- the coordinator and one that is not. Citus refuses those, or would manage the local tables and all
-- tables that refer to them, and then their triggers can't work. The ORM checks these links.
CREATE TEMPORARY TABLE foreign_keys AS
SELECT conrelid::regclass AS name, conname, pg_get_constraintdef(oid) AS definition,
       (conrelid::regclass::text = ANY (divided) OR conrelid::regclass::text = ANY (copied))
       AND (confrelid::regclass::text = ANY (divided) OR confrelid::regclass::text = ANY (copied))
       AS is_kept
FROM pg_constraint, (SELECT ARRAY[
    'shows_show', 'shows_seat', 'bookings_booking', 'bookings_admission', 'waiting_entry',
    'payments_order', 'payments_orderline', 'payments_payment', 'payments_refund',
    'payments_dispute'
] AS divided, ARRAY[
    'movies_movie', 'shows_cinema', 'shows_screen', 'shows_screentime'
] AS copied) tables
WHERE contype = 'f' AND conparentid = 0
  AND (conrelid::regclass::text = ANY (divided || copied)
       OR confrelid::regclass::text = ANY (divided || copied));
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN SELECT * FROM foreign_keys LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', found.name, found.conname);
    END LOOP;
END $$;

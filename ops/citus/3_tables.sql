-- Reference tables: a copy on each server, so that a shard can join with them and point at them.
SELECT create_reference_table('movies_movie');
SELECT create_reference_table('shows_cinema');
SELECT create_reference_table('shows_screen');
-- When a screen is taken. Its constraint must see shows that are on two servers.
SELECT create_reference_table('shows_screentime');

-- Divided by show. All rows of a show are on one server, in shards that move together. The triggers
-- that are left look at their own row only (a state goes forward, an amount is fixed).
SET citus.enable_unsafe_triggers = on;
SELECT create_distributed_function('payments_may_become(text, text, text)');
SELECT create_distributed_table('shows_show', 'id');
SELECT create_distributed_table('shows_seat', 'show_id', colocate_with => 'shows_show');
SELECT create_distributed_table('bookings_booking', 'show_id', colocate_with => 'shows_show');
SELECT create_distributed_table('bookings_admission', 'show_id', colocate_with => 'shows_show');
SELECT create_distributed_table('waiting_entry', 'show_id', colocate_with => 'shows_show');
SELECT create_distributed_table('payments_order', 'show_id', colocate_with => 'shows_show');
SELECT create_distributed_table('payments_orderline', 'show_id', colocate_with => 'shows_show');
SELECT create_distributed_table('payments_payment', 'show_id', colocate_with => 'shows_show');
SELECT create_distributed_table('payments_refund', 'show_id', colocate_with => 'shows_show');
SELECT create_distributed_table('payments_dispute', 'show_id', colocate_with => 'shows_show');

-- The foreign keys again. All other tables are local: they stay on the coordinator.
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN SELECT * FROM foreign_keys WHERE is_kept LOOP
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s', found.name, found.conname,
                       found.definition);
    END LOOP;
END $$;

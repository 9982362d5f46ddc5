-- The three statements of the hot paths that Citus can't plan: it refuses volatile functions in
-- statements that write, and plans the parts of a WITH that writes one by one. Each function does
-- the same in steps. bookings/tests/test_functions_of_citus.py compares them with the statements,
-- on plain PostgreSQL. Every step names the show.
--
-- The caller has locked the show, or for confirm_hold the booking.

-- bookings/holds_sql.py: TAKE_FREE_SEATS, with the limits of bookings/hold_limits.py. The new
-- booking, or no row if anything blocks the hold.
CREATE OR REPLACE FUNCTION take_free_seats(
    in_show bigint, in_user bigint, in_labels text[], in_reference text, in_key text, in_hash text,
    in_held_from text, in_now timestamptz, in_expires_at timestamptz, in_lasts interval,
    in_checked bool, in_needs_pass bool, in_on_sales bigint[], in_pass_ends timestamptz[],
    in_seats_at_show int, in_holds int, in_unpaid interval, in_pause interval,
    in_seats_of_address int, in_holds_elsewhere int, in_key_elsewhere bool
) RETURNS SETOF bookings_booking LANGUAGE plpgsql AS $$
DECLARE
    moment timestamptz := coalesce(in_now, clock_timestamp());
    wanted record;
    person record;
    held bookings_booking;
    near bigint;
    changed bigint;
BEGIN
    -- The commit does not wait for the disk (holds_sql.py says why).
    PERFORM set_config('synchronous_commit', 'off', true);
    IF in_key IS NOT NULL AND in_key_elsewhere THEN
        RETURN;
    END IF;

    SELECT array_agg(s.label ORDER BY s.position) AS labels,
           array_agg(s.price ORDER BY s.position) AS prices,
           sum(s.price) AS amount
    INTO wanted
    FROM (
        SELECT seat.label, seat.position,
               CASE seat.seat_type WHEN 'premium' THEN show.premium_price
               ELSE show.standard_price END AS price
        FROM shows_show show JOIN shows_seat seat ON seat.show_id = show.id
        WHERE show.id = in_show AND show.status = 'SCHEDULED' AND show.starts_at > moment
          AND (show.on_sale_id IS NULL OR NOT in_needs_pass
               OR NOT show.sale_closed AND EXISTS (
                   SELECT FROM unnest(in_on_sales, in_pass_ends) AS pass (on_sale_id, ends_at)
                   WHERE pass.on_sale_id = show.on_sale_id AND pass.ends_at > moment))
          AND seat.label = ANY(in_labels) AND seat.booking_id IS NULL
    ) s;
    IF coalesce(cardinality(wanted.labels), 0) <> cardinality(in_labels) THEN
        RETURN;
    END IF;

    IF NOT in_checked THEN
        SELECT coalesce(sum(own.total_seats) FILTER (WHERE own.status = 'CONFIRMED'), 0) AS bought,
               coalesce(sum(own.total_seats) FILTER (
                   WHERE own.status = 'PENDING' AND own.expires_at > moment), 0) AS held,
               coalesce(sum(own.past - own.created_at), interval '0') AS unpaid,
               max(own.past) AS last_end
        INTO person
        FROM (
            SELECT b.*, CASE
                WHEN b.is_offer THEN NULL
                WHEN b.ended_reason IN ('released', 'swapped') THEN b.updated_at
                WHEN b.ended_reason = 'lapsed' OR b.status = 'PENDING' AND b.expires_at <= moment
                THEN b.expires_at END AS past
            FROM bookings_booking b WHERE b.show_id = in_show AND b.user_id = in_user
        ) own;
        SELECT coalesce(sum(b.total_seats), 0) INTO near FROM bookings_booking b
        WHERE b.show_id = in_show AND b.held_from = in_held_from AND b.held_from <> ''
          AND b.expires_at > moment AND b.user_id <> in_user;
        IF NOT coalesce(
            person.bought + person.held + cardinality(in_labels) <= in_seats_at_show
            AND in_holds_elsewhere < in_holds
            AND (person.unpaid < in_unpaid OR person.last_end <= moment - in_pause)
            AND (in_held_from = '' OR near + cardinality(in_labels) <= in_seats_of_address),
            false
        ) THEN
            RETURN;
        END IF;
    END IF;

    INSERT INTO bookings_booking (
        reference, user_id, show_id, total_seats, total_amount, seats, seat_prices, status,
        created_at, updated_at, expires_at, ended_reason, idempotency_key, idempotency_hash,
        held_from
    ) VALUES (
        in_reference, in_user, in_show, cardinality(wanted.labels), wanted.amount, wanted.labels,
        wanted.prices, 'PENDING', moment, moment, coalesce(in_expires_at, moment + in_lasts), '',
        in_key, in_hash, in_held_from
    ) ON CONFLICT DO NOTHING RETURNING * INTO held;
    IF held.id IS NULL THEN
        RETURN;
    END IF;
    UPDATE shows_seat SET booking_id = held.id
    WHERE show_id = in_show AND label = ANY(in_labels) AND booking_id IS NULL;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed <> held.total_seats THEN
        RAISE division_by_zero USING MESSAGE = 'a seat changed hands without the show''s lock';
    END IF;
    UPDATE shows_show SET available_seats = available_seats - held.total_seats WHERE id = in_show;
    RETURN NEXT held;
END $$;

-- bookings/confirmation.py: CONFIRM_HOLD. It runs on the coordinator, which has the outbox.
CREATE OR REPLACE FUNCTION confirm_hold(
    in_show bigint, in_user bigint, in_reference text, in_pay_at_cinema bool, in_most_seats int,
    in_seats_bought int, in_starts_at timestamptz, in_kind text, in_priority smallint,
    OUT moment timestamptz, OUT is_confirmed bool
) LANGUAGE plpgsql AS $$
DECLARE
    confirmed bigint;
BEGIN
    moment := clock_timestamp();
    is_confirmed := in_starts_at IS NULL OR EXISTS (
        SELECT FROM shows_show WHERE id = in_show AND starts_at = in_starts_at);
    IF NOT is_confirmed THEN
        RETURN;
    END IF;
    UPDATE bookings_booking
    SET status = 'CONFIRMED', confirmed_at = moment, updated_at = moment, held_from = ''
    WHERE show_id = in_show AND reference = in_reference AND user_id = in_user
      AND status = 'PENDING' AND expires_at > moment
      AND (in_pay_at_cinema OR total_amount = 0)
      AND (in_most_seats IS NULL OR total_seats + in_seats_bought <= in_most_seats)
    RETURNING id INTO confirmed;
    is_confirmed := confirmed IS NOT NULL;
    IF NOT is_confirmed THEN
        RETURN;
    END IF;
    UPDATE waiting_entry SET state = 'TAKEN', ended_at = moment
    WHERE show_id = in_show AND user_id = in_user
      AND (state = 'WAITING' OR state = 'OFFERED' AND booking_id = confirmed);
    INSERT INTO outbox_message (kind, key, user_id, show, booking, priority)
    VALUES (in_kind, in_kind || ':' || confirmed, in_user, in_show, confirmed, in_priority);
END $$;

-- bookings/sweep.py: SWEEP_SHOW. A row for each hold that it ended; none while people wait.
CREATE OR REPLACE FUNCTION sweep_show(in_show bigint)
RETURNS TABLE (reference text, seats text[], moment timestamptz, is_waited_for bool)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    at timestamptz := clock_timestamp();
    lapsed bigint[];
    freed bigint;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    SELECT array_agg(b.id) INTO lapsed FROM (
        SELECT id FROM bookings_booking
        WHERE show_id = in_show AND status = 'PENDING' AND expires_at <= at
          AND NOT EXISTS (SELECT FROM waiting_entry e
                          WHERE e.show_id = in_show AND e.state IN ('WAITING', 'OFFERED'))
        ORDER BY id FOR NO KEY UPDATE
    ) b;
    IF lapsed IS NULL THEN
        RETURN;
    END IF;
    UPDATE shows_seat SET booking_id = NULL
    WHERE show_id = in_show AND booking_id = ANY(lapsed);
    GET DIAGNOSTICS freed = ROW_COUNT;
    UPDATE shows_show SET available_seats = available_seats + freed
    WHERE id = in_show AND freed > 0;
    UPDATE bookings_booking
    SET status = 'FAILED', ended_reason = 'lapsed', updated_at = at, held_from = ''
    WHERE show_id = in_show AND id = ANY(lapsed);
    RETURN QUERY
        SELECT b.reference::text, b.seats::text[], at, EXISTS (
            SELECT FROM waiting_entry e
            WHERE e.show_id = in_show AND e.state IN ('WAITING', 'OFFERED'))
        FROM bookings_booking b WHERE b.show_id = in_show AND b.id = ANY(lapsed);
END $$;

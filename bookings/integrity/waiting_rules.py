"""The invariants of waiting lists: one query for each, as in `checks.py` (docs/spec.md §20)."""

from shows.seating.plan import SEAT_PITCH

WAITING_RULES: dict[str, str] = {
    "an offer is the live hold of the person it was made to": """
        SELECT format('place %s in the line of show %s is %s; its booking %s is %s',
                      e.id, e.show_id, e.state, b.reference, b.status)
        FROM waiting_entry e JOIN bookings_booking b
            ON b.show_id = e.show_id AND b.id = e.booking_id
        WHERE e.state = 'OFFERED'
          AND (b.status <> 'PENDING' OR NOT b.is_offer
               OR b.user_id <> e.user_id OR b.show_id <> e.show_id)
        UNION ALL
        SELECT format('offer %s at show %s belongs to no place in line', b.reference, b.show_id)
        FROM bookings_booking b
        WHERE b.is_offer AND b.status = 'PENDING'
          AND NOT EXISTS (SELECT FROM waiting_entry e
                          WHERE e.show_id = b.show_id AND e.booking_id = b.id
                            AND e.state = 'OFFERED')
    """,
    # Rows of the show's line that can get an offer now, and the largest group of free seats side by
    # side in one row: a group is a run of seats one SEAT_PITCH apart.
    "free seats fit nobody who waits": f"""
        WITH line AS (
            SELECT e.* FROM waiting_entry e
            JOIN shows_show w ON w.id = e.show_id
            JOIN accounts_user u ON u.id = e.user_id
            WHERE e.state = 'WAITING' AND w.status = 'SCHEDULED' AND u.is_active
              AND NOT w.sale_closed
              AND w.starts_at > clock_timestamp() + interval '30 minutes'
              AND NOT EXISTS (SELECT FROM bookings_booking b WHERE b.user_id = e.user_id
                              AND b.show_id = e.show_id AND b.status = 'PENDING')
        ), free AS (
            SELECT s.show_id, s."row", s.x, s.is_wheelchair FROM shows_seat s
            WHERE s.booking_id IS NULL AND s.show_id IN (SELECT show_id FROM line)
        ), groups AS (
            SELECT show_id, false AS with_places, count(*) AS seats FROM (
                SELECT show_id, "row", x - {SEAT_PITCH} * row_number() OVER
                       (PARTITION BY show_id, "row" ORDER BY x) AS run
                FROM free WHERE NOT is_wheelchair
            ) ordinary GROUP BY show_id, "row", run
            UNION ALL
            SELECT show_id, true, count(*) FROM (
                SELECT show_id, "row", is_wheelchair, x - {SEAT_PITCH} * row_number() OVER
                       (PARTITION BY show_id, "row" ORDER BY x) AS run
                FROM free
            ) every GROUP BY show_id, "row", run HAVING bool_or(is_wheelchair)
        )
        SELECT format('%s seats could be offered to place %s in the line of show %s',
                      line.seats, line.id, line.show_id)
        FROM line
        WHERE CASE
            WHEN line.together OR line.seats = 1 THEN EXISTS (
                SELECT FROM groups g WHERE g.show_id = line.show_id
                AND g.with_places = line.wheelchair AND g.seats >= line.seats)
            ELSE (SELECT count(*) FILTER (WHERE NOT free.is_wheelchair)
                         + (line.wheelchair AND bool_or(free.is_wheelchair))::int >= line.seats
                         AND (NOT line.wheelchair OR bool_or(free.is_wheelchair))
                  FROM free WHERE free.show_id = line.show_id)
        END
    """,
}

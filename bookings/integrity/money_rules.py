"""The rules of money for `check_integrity` (docs/spec.md §4.10): one query each.

Each query returns one text for each breach. They compare rows of several tables, which constraints
can't do. Amounts are in the minor unit. Joins compare the shows too, so that each server with shows
can answer for its own.
"""

# Money of each order that is kept for it: taken, without what was given back or is on its way back.
# Surplus payments (late, twice) are not the order's; all of their money goes back.
MONEY = """
    SELECT o.show_id, o.id, o.reference, o.state, o.total, o.currency, o.booking_id,
           count(p.id) FILTER (WHERE p.state IN ('CAPTURE_DUE', 'CAPTURED')) AS kept,
           coalesce(sum(p.captured), 0) AS captured,
           coalesce(sum(p.back), 0) AS back
    FROM payments_order o
    LEFT JOIN LATERAL (
        SELECT p.show_id, p.id, p.state, p.captured,
               (SELECT sum(r.amount) FROM payments_refund r
                WHERE r.show_id = p.show_id AND r.payment_id = p.id AND r.state <> 'FAILED') AS back
        FROM payments_payment p WHERE p.show_id = o.show_id AND p.order_id = o.id AND NOT p.surplus
    ) p ON true
    GROUP BY o.show_id, o.id
"""

MONEY_RULES: dict[str, str] = {
    "an order's total is the sum of its lines": """
        SELECT format('order %s has a total of %s and lines of %s', o.reference, o.total,
                      coalesce(l.gross, 0))
        FROM payments_order o
        LEFT JOIN LATERAL (
            SELECT sum(gross) AS gross FROM payments_orderline l
            WHERE l.show_id = o.show_id AND l.order_id = o.id
        ) l ON true
        WHERE o.total IS DISTINCT FROM l.gross
    """,
    "an order's seats and currency are those of its lines and payments": """
        SELECT format('order %s lists %s and has lines for %s', o.reference, o.seats, l.seats)
        FROM payments_order o
        LEFT JOIN LATERAL (
            SELECT array_agg(seat::varchar ORDER BY position) AS seats
            FROM payments_orderline l
            WHERE l.show_id = o.show_id AND l.order_id = o.id AND l.kind = 'SEAT'
        ) l ON true
        WHERE o.seats::varchar[] IS DISTINCT FROM l.seats
        UNION ALL
        SELECT format('order %s is in %s and its payment %s in %s', o.reference, o.currency, p.uuid,
                      p.currency)
        FROM payments_order o JOIN payments_payment p ON p.show_id = o.show_id AND p.order_id = o.id
        WHERE p.currency <> o.currency
    """,
    "a paid order has one payment, which is taken or being taken": f"""
        SELECT format('order %s is PAID and has %s such payments', m.reference, m.kept)
        FROM ({MONEY}) m WHERE m.state = 'PAID' AND m.kept <> 1
    """,
    "an order that is not paid keeps no money": f"""
        SELECT format('order %s is %s, took %s and gave back %s', m.reference, m.state, m.captured,
                      m.back)
        FROM ({MONEY}) m
        WHERE m.state IN ('OPEN', 'UNPAID', 'EXPIRED', 'ABANDONED') AND m.captured <> m.back
    """,
    "what was taken for an order is its total": f"""
        SELECT format('order %s of %s took %s', m.reference, m.total, m.captured)
        FROM ({MONEY}) m WHERE m.captured NOT IN (0, m.total)
    """,
    "no more is given back than was taken": """
        SELECT format('payment %s took %s and gave back %s', p.uuid, p.captured, r.back)
        FROM payments_payment p
        JOIN LATERAL (
            SELECT sum(amount) AS back FROM payments_refund r
            WHERE r.show_id = p.show_id AND r.payment_id = p.id AND r.state <> 'FAILED'
        ) r ON true
        WHERE r.back > p.captured
    """,
    "money that is not for its order goes back": """
        SELECT format('payment %s of %s has no refund', p.uuid, p.captured)
        FROM payments_payment p
        WHERE p.surplus AND p.captured > 0
          AND NOT EXISTS (SELECT FROM payments_refund r
                          WHERE r.show_id = p.show_id AND r.payment_id = p.id)
    """,
    "the lines of a refund fit it, and no line is given back twice": """
        SELECT format('refund %s of %s has lines of %s', r.uuid, r.amount, l.amount)
        FROM payments_refund r
        JOIN LATERAL (
            SELECT sum((part->>1)::bigint) AS amount FROM jsonb_array_elements(r.lines) part
        ) l ON true
        WHERE l.amount > r.amount
        UNION ALL
        SELECT format('order line %s of %s is given back with %s', l.id, l.gross, sum(g.amount))
        FROM payments_orderline l
        JOIN (
            SELECT (part->>0)::bigint AS line, (part->>1)::bigint AS amount
            FROM payments_refund r CROSS JOIN jsonb_array_elements(r.lines) part
            WHERE r.state <> 'FAILED'
        ) g ON g.line = l.id
        GROUP BY l.id, l.gross HAVING sum(g.amount) > l.gross
    """,
    # A clerk who undoes a payment at the counter cancels its order, and the booking stays.
    "a live order is that of a live booking, with its seats": """
        SELECT format('order %s is %s, and booking %s is %s', o.reference, o.state, b.reference,
                      b.status)
        FROM payments_order o
        JOIN bookings_booking b ON b.show_id = o.show_id AND b.id = o.booking_id
        WHERE (o.state IN ('PAID', 'UNPAID') AND b.status <> 'CONFIRMED')
           OR (o.state = 'CANCELLED' AND b.status IN ('PENDING', 'CONFIRMED')
               AND NOT EXISTS (
                   SELECT FROM payments_payment p
                   JOIN payments_refund r ON r.show_id = p.show_id AND r.payment_id = p.id
                   WHERE p.show_id = o.show_id AND p.order_id = o.id AND p.provider = 'counter'
                     AND r.state = 'SUCCEEDED' AND r.amount = p.captured))
        UNION ALL
        SELECT format('order %s lists %s, and booking %s %s', o.reference, o.seats, b.reference,
                      b.seats)
        FROM payments_order o
        JOIN bookings_booking b ON b.show_id = o.show_id AND b.id = o.booking_id
        WHERE o.state IN ('PAID', 'UNPAID') AND o.seats::varchar[] <> b.seats::varchar[]
    """,
    # Only bookings that ended with the show count, not those that ended before. A failed refund is
    # still owed, until it is tried again or handed back.
    "a cancelled show keeps no money": f"""
        SELECT format('order %s of a cancelled show took %s and owes %s', m.reference, m.captured,
                      m.back + owed.failed)
        FROM ({MONEY}) m
        JOIN bookings_booking b ON b.show_id = m.show_id AND b.id = m.booking_id
        JOIN shows_show w ON w.id = b.show_id
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(r.amount), 0) AS failed
            FROM payments_refund r JOIN payments_payment p
                ON p.show_id = r.show_id AND p.id = r.payment_id
            WHERE p.show_id = m.show_id AND p.order_id = m.id AND NOT p.surplus
              AND r.state = 'FAILED'
              AND NOT EXISTS (SELECT FROM payments_refund n
                              WHERE n.show_id = r.show_id AND n.retry_of_id = r.id)
        ) owed
        WHERE w.status = 'CANCELLED' AND b.ended_reason = 'cinema' AND b.updated_at = w.updated_at
          AND m.captured > m.back + owed.failed
    """,
}

"""Checks the invariants of docs/spec.md §4.10, with one query for each."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection, transaction

from .document_rules import DOCUMENT_RULES
from .money_rules import MONEY_RULES
from .on_sale_rules import ON_SALE_RULES
from .schedule_rules import SCHEDULE_RULES
from .waiting_rules import WAITING_RULES


@dataclass(frozen=True, slots=True)
class Breach:
    """One breach of an invariant: the rule, and a text that names the rows."""

    rule: str
    where: str


# Each query returns one text for each breach. All queries read one snapshot: they see all of a sale
# or nothing, even if it is committed while they run.
RULES: dict[str, str] = {
    "a live booking owns exactly the seats it lists": """
        SELECT format('booking %s lists %s and owns %s', b.reference, b.seats,
                      coalesce(owned.labels, '{}'))
        FROM bookings_booking b
        LEFT JOIN LATERAL (
            SELECT array_agg(s.label::varchar ORDER BY s.position) AS labels
            FROM shows_seat s WHERE s.booking_id = b.id AND s.show_id = b.show_id
        ) owned ON true
        WHERE b.status IN ('PENDING', 'CONFIRMED')
          AND owned.labels IS DISTINCT FROM b.seats::varchar[]
    """,
    "only a live booking of the same show has a seat": """
        SELECT format('seat %s of show %s points at %s (%s, show %s)',
                      s.label, s.show_id, b.reference, b.status, b.show_id)
        FROM shows_seat s JOIN bookings_booking b ON b.id = s.booking_id
        WHERE b.status NOT IN ('PENDING', 'CONFIRMED') OR b.show_id <> s.show_id
    """,
    "no two live bookings list one seat": """
        SELECT format('show %s seat %s is in %s', b.show_id, label,
                      string_agg(b.reference, ', ' ORDER BY b.id))
        FROM bookings_booking b CROSS JOIN LATERAL unnest(b.seats) AS label
        WHERE b.status IN ('PENDING', 'CONFIRMED')
        GROUP BY b.show_id, label HAVING count(*) > 1
    """,
    "available_seats equals the seats without a booking": """
        SELECT format('show %s counts %s free and %s in all; its seats say %s and %s',
                      w.id, w.available_seats, w.total_seats, c.free, c.total)
        FROM shows_show w
        CROSS JOIN LATERAL (
            SELECT count(*) AS total, count(*) FILTER (WHERE s.booking_id IS NULL) AS free
            FROM shows_seat s WHERE s.show_id = w.id
        ) c
        WHERE w.available_seats <> c.free OR w.total_seats <> c.total
    """,
    **MONEY_RULES,
    **DOCUMENT_RULES,
    **WAITING_RULES,
    **ON_SALE_RULES,
    **SCHEDULE_RULES,
}


def find_breaches() -> Iterator[Breach]:
    """Every breach of every invariant, in one consistent snapshot of the database."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL statement_timeout = 0")
        for rule, query in RULES.items():
            cursor.execute(query)
            for (where,) in cursor.fetchall():
                yield Breach(rule, where)

"""The statements of the hot paths use indexes, so the number of rows does not matter."""

import re
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Now

from bookings.dashboard.takings import DAY, REPORT
from bookings.hold_limits import PERSON_ELSEWHERE
from bookings.holds_sql import SEATS_TO_HOLD, TAKE_FREE_SEATS
from bookings.models import Booking
from bookings.payments.models import Payment, Refund
from bookings.sweep import SWEEP_SHOW
from shows.models import Seat, Show
from tests.support.factories import hall, make_show, make_user
from tests.support.money import make_paid_booking, make_refund

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("many_sold_bookings")]

# References count up in the digits that Crockford's alphabet has.
SALES = """
    INSERT INTO bookings_booking (reference, user_id, show_id, total_seats, total_amount, seats,
        seat_prices, status, created_at, updated_at, expires_at, confirmed_at, ended_reason,
        idempotency_hash)
    SELECT 'BMV' || lpad(n::text, 12, '0'), (%s::bigint[])[n %% 50 + 1],
           (%s::bigint[])[n %% 4 + 1], 1, 250, ARRAY['A1'], ARRAY[250], 'CONFIRMED',
           now(), now(), now() + interval '2 minutes', now(), '', ''
    FROM generate_series(1, 3000) n
"""


@pytest.fixture
def many_sold_bookings(db: None) -> None:
    """3,000 confirmed bookings and no hold, with statistics for the planner."""
    shows = [make_show(hall(20, 25)).pk for _ in range(5)]
    values = [[make_user().pk for _ in range(50)], shows]
    with connection.cursor() as cursor:
        cursor.execute(SALES, values)
        cursor.execute("ANALYZE bookings_booking, shows_seat, shows_show")


def plan(query: str, values: Any = None) -> str:
    """The plan if sequential scans are avoided, because some tables are nearly empty here."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {query}", values)
        return "\n".join(line for (line,) in cursor.fetchall())


def plan_whatever_the_values(query: str) -> str:
    """The generic plan of a prepared statement."""
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", query)))
    return plan(
        "(GENERIC_PLAN) " + re.sub(r"%\((\w+)\)s", lambda m: f"${names.index(m[1]) + 1}", query)
    )


def plan_of(rows: QuerySet[Any]) -> str:
    return plan(*rows.query.sql_with_params())


def test_the_seats_that_a_hold_takes_are_found_by_label_and_earlier_ones_by_conflict() -> None:
    found = plan_whatever_the_values(TAKE_FREE_SEATS)
    assert "seat_unique_label_in_show" in found
    assert "Conflict Resolution: NOTHING" in found
    assert "Seq Scan" not in found
    # What the limits look at: the person and the address at this show.
    used = re.findall(r"(?:using|on) (\w*booking_\w+|\w+_booking)", found)
    assert [name for name in used if name != "bookings_booking"] == [
        "booking_of_person_at_show",
        "booking_holds_from_address",
    ], found


def test_what_a_person_has_at_other_shows_is_found_by_the_person() -> None:
    found = plan_whatever_the_values(PERSON_ELSEWHERE)
    # Nearly empty, the table makes one index of the person as good as another.
    assert re.search("booking_of_person_(by_end|at_show)", found), found
    assert "booking_idempotency_key_unique_per_user" in found
    assert "Seq Scan" not in found


def test_what_is_in_the_way_of_a_hold_is_found_by_label_and_by_person() -> None:
    found = plan_whatever_the_values(SEATS_TO_HOLD)
    assert "seat_unique_label_in_show" in found
    # With hardly a hold, one index on holds alone is as good as another.
    assert "booking_hold" in found or "booking_one_hold_per_user_and_show" in found
    assert "booking_idempotency_key_unique_per_user" in found
    assert "Seq Scan" not in found


def test_a_booking_is_confirmed_by_its_reference() -> None:
    found = plan_of(Booking.objects.filter(user=1, reference="BMV000000000000").order_by("pk"))
    # Nearly empty, the tables make one index as good as another.
    assert "Index Scan" in found
    assert "Seq Scan" not in found


def test_the_seats_that_a_booking_gives_back_are_found_by_it() -> None:
    assert "seat_of_booking" in plan_of(Seat.objects.filter(booking__in=[1, 2]))


def test_the_sweep_looks_at_holds_alone_and_at_lapsed_ones_alone() -> None:
    lapsed = Booking.objects.lapsed(at=Now()).order_by("show").values_list("show", flat=True)
    found = plan_of(lapsed.distinct())
    assert "booking_hold_expiry" in found or "booking_holds_of_show" in found
    assert "Seq Scan" not in found
    found = plan_whatever_the_values(SWEEP_SHOW)
    # With hardly a hold, one index on holds alone is as good as another.
    assert "booking_hold" in found or "booking_one_hold_per_user_and_show" in found
    assert "seat_of_booking" in found
    assert "Seq Scan" not in found


def test_the_money_of_shows_is_found_by_show_and_not_by_each_order() -> None:
    # With few rows one index of a show is as good as another.
    for show in Show.objects.all():
        make_much_money(show)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE payments_order, payments_payment, payments_refund")
    query = REPORT.format(group=f"ARRAY[{DAY}]", order="1")
    found = plan(query, {"first": "2026-03-01", "last": "2026-03-14"})
    assert not re.search(r"Seq Scan on (bookings_booking|payments_)", found), found
    for name in ("payment_taken_of_show", "refund_of_show"):
        assert name in found, found
    assert not re.search("payments_payment_order|payments_refund_payment", found), found


def make_much_money(show: Show) -> None:
    """A paid booking of this show, with 400 payments too many and a refund of each."""
    label = show.seats.values_list("label", flat=True)[0]
    paid = Payment.objects.get(order__booking=make_paid_booking(show, [label]))
    of_payment = "show order provider amount currency state captured captured_at"
    values = {name: getattr(paid, name) for name in of_payment.split()}
    payments = Payment.objects.bulk_create(Payment(**values, surplus=True) for _ in range(400))
    refund = make_refund(paid, 1)
    values = {name: getattr(refund, name) for name in ("show", "amount", "state", "source")}
    Refund.objects.bulk_create(Refund(**values, payment=payment) for payment in payments)

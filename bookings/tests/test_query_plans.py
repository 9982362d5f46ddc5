"""The statements of the hot path are answered by indexes, however many rows there are."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Now

from bookings.models import Booking
from bookings.statements import EXPIRE_HOLDS, SEATS_TO_HOLD
from movies.models import Movie
from shows.models import Seat

pytestmark = pytest.mark.django_db


def plan(query: str, values: Any = None) -> str:
    """How PostgreSQL does it where an index serves; the tables are nearly empty here."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {query}", values)
        return "\n".join(line for (line,) in cursor.fetchall())


def plan_of(rows: QuerySet[Any]) -> str:
    return plan(*rows.query.sql_with_params())


def test_the_seats_of_a_hold_are_found_by_label_and_its_earlier_holds_by_person() -> None:
    values = {"show": 1, "labels": ["A1", "A2"], "user": 1, "key": "k"}
    found = plan(SEATS_TO_HOLD, values)
    assert "seat_unique_label_in_show" in found
    assert "booking_one_hold_per_user_and_show" in found
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
    found = plan(EXPIRE_HOLDS, {"show": 1})
    # Nearly empty, the tables make one index on holds alone as good as another.
    assert "booking_hold" in found or "booking_one_hold_per_user_and_show" in found
    assert "seat_of_booking" in found
    assert "Seq Scan" not in found


def test_a_film_is_searched_for_by_its_index() -> None:
    found = plan_of(Movie.objects.search("night river"))
    assert "movie_search" in found

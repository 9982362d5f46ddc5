from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F, ProtectedError, RestrictedError

from shows.models import Cinema, Seat, Show
from tests.support.constraints import names_in, refused_by
from tests.support.factories import make_booking, make_screen, make_show

pytestmark = pytest.mark.django_db
Attempt = Callable[[Show], object]


def show_with(**values: Any) -> Attempt:
    return lambda show: Show.objects.filter(pk=show.pk).update(**values)


def seat_with(**values: Any) -> Attempt:
    return lambda show: show.seats.filter(label="A1").update(**values)


def second_show(starts_in: timedelta) -> Attempt:
    return lambda show: Show.objects.create(
        movie=show.movie,
        screen=show.screen,
        starts_at=show.starts_at + starts_in,
        ends_at=show.ends_at + starts_in,
        busy_until=show.busy_until + starts_in,
        format="2D",
        standard_price=1,
        premium_price=1,
        total_seats=1,
        available_seats=1,
    )


def cinema_with(**values: Any) -> Attempt:
    return lambda show: Cinema.objects.filter(screens=show.screen_id).update(**values)


MINUTE = timedelta(minutes=1)
CASES: list[tuple[str, Attempt]] = [
    ("cinema_currency_is_a_code", cinema_with(currency="")),
    ("cinema_currency_is_a_code", cinema_with(currency="eur")),
    ("cinema_booking_fee_not_negative", cinema_with(booking_fee=-1)),
    ("cinema_booking_fee_per_known", cinema_with(booking_fee_per="show")),
    (
        "screen_name_unique_in_cinema",
        lambda show: make_screen(cinema=show.screen.cinema, name=show.screen.name),
    ),
    ("show_no_overlap_on_screen", second_show(timedelta(0))),
    ("show_no_overlap_on_screen", second_show(134 * MINUTE)),
    ("show_no_overlap_on_screen", second_show(-134 * MINUTE)),
    ("show_ends_after_start", show_with(ends_at=F("starts_at"))),
    ("show_busy_until_end", show_with(busy_until=F("ends_at") - MINUTE)),
    ("show_available_seats_in_range", show_with(available_seats=F("total_seats") + 1)),
    ("show_available_seats_in_range", show_with(available_seats=-1)),
    ("show_prices_not_negative", show_with(standard_price=-1)),
    ("show_prices_not_negative", show_with(premium_price=-1)),
    ("show_status_known", show_with(status="MOVED")),
    ("show_closed_with_its_on_sale", show_with(sale_closed=True)),
    ("seat_unique_row_number_in_show", seat_with(number="2")),
    # The dash tells A1's seat 1 (A1-1) from A's seat 11, but rows of letters can still collide.
    ("seat_unique_label_in_show", seat_with(row="AB", number="C1")),
    ("seat_type_known", seat_with(seat_type="sofa")),
    ("seat_row_and_number_not_empty", seat_with(row="")),
    ("seat_row_and_number_not_empty", seat_with(number="")),
]


@pytest.fixture
def show() -> Show:
    show = make_show()
    show.seats.filter(label="A9").update(row="ABC", number="1")
    return show


@pytest.mark.parametrize(("name", "attempt"), CASES)
def test_the_database_refuses(show: Show, name: str, attempt: Attempt) -> None:
    with refused_by(name):
        attempt(show)


def test_every_constraint_is_seen_to_refuse() -> None:
    assert {name for name, _ in CASES} == names_in("shows")


@pytest.mark.parametrize("starts_in", [135 * MINUTE, -135 * MINUTE])
def test_a_show_may_begin_when_the_screen_is_clean(show: Show, starts_in: timedelta) -> None:
    second_show(starts_in)(show)


def test_a_cancelled_show_leaves_its_screen_free(show: Show) -> None:
    Show.objects.filter(pk=show.pk).update(status=Show.Status.CANCELLED)

    second_show(timedelta(0))(show)


def test_another_screen_is_free_at_the_same_time(show: Show) -> None:
    show.screen = make_screen(cinema=show.screen.cinema)

    second_show(timedelta(0))(show)


def test_a_label_has_a_dash_where_the_rows_name_ends_in_a_digit(show: Show) -> None:
    show.seats.filter(label="A1").update(row="11")

    assert show.seats.filter(label="11-1").exists()


def test_sold_tickets_protect_their_show_screen_and_cinema(show: Show) -> None:
    make_booking(show, ["A2"])

    for thing in (show, show.screen, show.screen.cinema):
        with pytest.raises((ProtectedError, RestrictedError)):
            thing.delete()

    assert Seat.objects.filter(show=show, label="A2").exists()

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shows.errors import MovieNotSchedulable, ShowOverlaps
from shows.models import Seat, Show
from shows.seating.plan import PlanError
from shows.services import (
    ShowSlot,
    create_show,
    create_shows,
)
from tests.support.factories import (
    SMALL_HALL,
    hall,
    make_cinema,
    make_movie,
    make_screen,
    make_show,
)

pytestmark = pytest.mark.django_db

SEVEN = datetime(2027, 1, 8, 19, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def slot(**values: Any) -> ShowSlot:
    return ShowSlot(
        movie=values.pop("movie", None) or make_movie(),
        screen=values.pop("screen", None) or make_screen(),
        starts_at=values.pop("starts_at", SEVEN),
        standard_price=Decimal(250),
        premium_price=Decimal(400),
        **values,
    )


def test_a_show_copies_the_plan_in_its_order() -> None:
    show = make_show("B < ws\n\nA1 p-p")

    assert (show.total_seats, show.available_seats) == (4, 4)
    fields = ("label", "row", "number", "seat_type", "is_wheelchair", "position", "x", "y")
    assert list(Seat.objects.filter(show=show).in_plan_order().values_list(*fields)) == [
        ("B2", "B", "2", "standard", True, 0, 0, 0),
        ("B1", "B", "1", "standard", False, 1, 2, 0),
        ("A1-1", "A1", "1", "premium", False, 2, 0, 4),
        ("A1-2", "A1", "2", "premium", False, 3, 3, 4),
    ]
    assert not show.seats.exclude(booking=None).exists()


def test_a_show_ends_with_the_film_and_frees_its_screen_after_cleaning() -> None:
    show = make_show(
        starts_at=SEVEN,
        movie=make_movie(duration_minutes=100),
        screen=make_screen(cleaning_minutes=20),
    )

    assert show.ends_at == SEVEN + 100 * MINUTE
    assert show.busy_until == SEVEN + 120 * MINUTE


def test_the_language_is_the_films_unless_the_show_has_its_own() -> None:
    movie = make_movie(language="Tamil")

    assert make_show(movie=movie).language == "Tamil"
    assert make_show(movie=movie, language="Hindi").language == "Hindi"


def test_a_hall_of_500_costs_as_many_queries_as_one_of_4() -> None:
    def queries(plan: str) -> int:
        screen, movie = make_screen(plan), make_movie()
        with CaptureQueriesContext(connection) as captured:
            make_show(screen=screen, movie=movie)
        return len(captured)

    assert queries(hall(25, 20)) == queries(hall(2, 2))


def test_many_shows_cost_one_insert_of_shows_and_one_a_plan() -> None:
    small, large, movie = make_screen(hall(2, 2)), make_screen(hall(25, 20)), make_movie()
    week = [
        slot(movie=movie, screen=screen, starts_at=SEVEN + timedelta(days=day))
        for screen in (small, large)
        for day in range(7)
    ]

    with CaptureQueriesContext(connection) as captured:
        shows = create_shows(week)

    inserts = [query for query in captured if "INSERT" in query["sql"]]
    assert len(inserts) == 3
    assert [show.total_seats for show in shows] == [4] * 7 + [500] * 7
    assert Seat.objects.count() == 7 * 504
    assert Seat.objects.filter(show=shows[-1]).count() == 500


def test_the_screen_is_taken_until_it_is_clean() -> None:
    screen, movie = make_screen(cleaning_minutes=15), make_movie(duration_minutes=120)
    make_show(screen=screen, movie=movie, starts_at=SEVEN)

    for starts_at in (SEVEN, SEVEN + 134 * MINUTE, SEVEN - 134 * MINUTE):
        with pytest.raises(ShowOverlaps, match=r"has another show between .* \(cleaning included"):
            make_show(screen=screen, movie=movie, starts_at=starts_at)
    make_show(screen=screen, movie=movie, starts_at=SEVEN + 135 * MINUTE)
    make_show(screen=screen, movie=movie, starts_at=SEVEN - 135 * MINUTE)

    assert Show.objects.filter(screen=screen).count() == 3


def test_the_message_of_an_overlap_uses_the_cinemas_time() -> None:
    screen = make_screen(cinema=make_cinema(timezone="Asia/Kolkata"))
    make_show(screen=screen, starts_at=SEVEN)

    with pytest.raises(ShowOverlaps, match="between 09 Jan 00:30 and 02:45"):
        make_show(screen=screen, starts_at=SEVEN)


def test_of_many_shows_all_are_made_or_none() -> None:
    screen = make_screen()

    with pytest.raises(ShowOverlaps, match="One of these 2 shows"):
        create_shows([slot(screen=screen), slot(screen=screen, starts_at=SEVEN + MINUTE)])

    assert not Show.objects.exists()
    assert not Seat.objects.exists()


def test_a_film_without_a_running_time_can_not_be_scheduled() -> None:
    with pytest.raises(MovieNotSchedulable, match="Untimed has no running time"):
        make_show(movie=make_movie("Untimed", duration_minutes=None))

    assert not Show.objects.exists()


def test_a_broken_plan_makes_no_show() -> None:
    with pytest.raises(PlanError, match="Line 2"):
        make_show("A ss\nB sxs")

    assert not Show.objects.exists()


def test_a_plan_edited_later_leaves_the_shows_it_made_alone() -> None:
    screen = make_screen(SMALL_HALL)
    show = make_show(screen=screen, starts_at=SEVEN)
    before = list(show.seats.values_list())

    screen.seating_plan = "A ss"
    screen.save()

    show.refresh_from_db()
    assert list(show.seats.values_list()) == before
    assert show.total_seats == 50
    assert (
        create_show(
            movie=show.movie,
            screen=screen,
            starts_at=SEVEN + timedelta(days=1),
            standard_price=Decimal(1),
            premium_price=Decimal(1),
        ).total_seats
        == 2
    )

"""The timeline of a cinema's day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from shows.schedule.timeline import day_of
from tests.support.admin_site import staff_client
from tests.support.clocks import zone_in_the_night
from tests.support.factories import (
    make_booking,
    make_cinema,
    make_screen,
    make_show,
)

pytestmark = pytest.mark.django_db
DAY = date(2031, 3, 7)
# A few days before the shows, because a show can be scheduled at most two years ahead.
AT = datetime(2031, 3, 1, tzinfo=UTC)


def test_the_day_draws_every_show_with_how_full_it_is(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    screen = make_screen()
    show = make_show(screen=screen, starts_at=datetime(2031, 3, 7, 13, 30, tzinfo=UTC))
    late = make_show(screen=screen, starts_at=datetime(2031, 3, 7, 19, 0, tzinfo=UTC))
    assert late.local_start.date() == DAY + timedelta(days=1)
    make_booking(show, ["A1", "A2", "A3", "A4", "A5"])
    (lane,) = day_of(screen.cinema, DAY, at=AT).lanes
    first, second = lane.blocks
    assert (first.x, first.width, first.cleaning) == (13 * 60, 120, 15)
    assert (first.taken, first.percent, second.percent) == (5, 10, 0)
    client = staff_client()
    address = f"/admin/shows/show/day/?cinema={screen.cinema.slug}&day=2031-03-07"
    client.get(address)
    with django_assert_num_queries(5):
        page = client.get(address).content.decode()
    assert "5 of 50 seats taken" in page
    assert client.get("/admin/shows/show/day/?day=0001-01-01&cinema=x").status_code == 200


def test_after_midnight_the_day_is_that_of_the_evening() -> None:
    zone, evening = zone_in_the_night(timezone.now())
    cinema = make_cinema(timezone=zone)
    page = staff_client().get("/admin/shows/show/day/")
    assert page.context["day"] == evening
    assert page.context["timeline"].now_x is not None
    assert page.context["cinema"] == cinema


def test_a_day_of_23_hours_is_drawn_as_one() -> None:
    cinema = make_cinema(timezone="Europe/London")
    drawn = day_of(cinema, date(2031, 3, 29), at=AT)
    assert drawn.width == 23 * 60
    assert "01" not in [hour for _, hour in drawn.hours]

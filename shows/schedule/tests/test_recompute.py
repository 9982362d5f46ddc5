import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from bookings import services
from bookings.show_changes.services import cancel_show, move_show
from movies.models import Movie
from shows.models import Screen, Show
from shows.schedule.recompute import outdated, recompute
from tests.support.admin_site import staff_client
from tests.support.factories import (
    begin,
    make_booking,
    make_movie,
    make_screen,
    make_show,
    make_user,
)

pytestmark = pytest.mark.django_db
PAGE = "/admin/shows/show/recompute/"
LESS = "A sss\nB ppp"


@pytest.fixture
def show() -> Show:
    """A show of two hours that begins in three hours, with 15 minutes for cleaning."""
    return make_show(movie=make_movie("Her"), screen=make_screen(name="Audi 1"))


def run_longer(movie: Movie, minutes: int) -> None:
    Movie.objects.filter(pk=movie.pk).update(duration_minutes=minutes)


def give_plan(screen: Screen, plan: str) -> None:
    Screen.objects.filter(pk=screen.pk).update(seating_plan=plan)


def found(**conditions: Any) -> list[Any]:
    return outdated(Show.objects.filter(**conditions), at=timezone.now())


def press(client: Client, page: Any, query: str) -> Any:
    """Press the page's button."""
    (seen,) = re.findall(r'name="seen" value="(\w+)"', page.content.decode())
    return client.post(f"{PAGE}?{query}", {"seen": seen}, follow=True)


def test_shows_that_would_not_change_are_not_listed(show: Show) -> None:
    assert found() == []
    assert "Every coming show has" in staff_client().get(f"{PAGE}?movie={show.movie_id}").text


def test_shows_of_a_longer_film_are_listed_and_made_longer(show: Show) -> None:
    make_booking(show, ["A1"])
    past, off = make_show(movie=show.movie), make_show(movie=show.movie)
    begin(past)
    cancel_show(by=make_user(is_staff=True), show_id=off.pk)
    run_longer(show.movie, 150)
    client = staff_client()
    page = client.get(f"{PAGE}?movie={show.movie_id}")
    assert "1 coming show keeps older times or seats" in page.text
    assert "Recompute 1 show" in page.text
    done = press(client, page, f"movie={show.movie_id}")
    assert "Recomputed: 1 show." in done.text
    assert "Every coming show has" in done.text
    before, show = show, Show.objects.get(pk=show.pk)
    assert show.starts_at == before.starts_at
    assert show.ends_at == show.starts_at + timedelta(minutes=150)
    assert show.busy_until == show.ends_at + timedelta(minutes=15)
    assert (show.total_seats, show.available_seats) == (50, 49)
    assert "Recomputed: ends" in str(LogEntry.objects.get(object_id=str(show.pk)))


def test_a_longer_cleaning_that_overlaps_the_next_show_is_a_problem(show: Show) -> None:
    next_start = show.busy_until + timedelta(minutes=5)
    after = make_show(movie=make_movie("Them"), screen=show.screen, starts_at=next_start)
    Screen.objects.filter(pk=show.screen_id).update(cleaning_minutes=30)
    first, second = found(screen=show.screen_id)
    assert first.problems == [f"Them begins on this screen at {after.local_start:%H:%M}."]
    assert (first.can_change, second.can_change) == (False, True)
    assert recompute(by=make_user(), found=[first, second]) == [after]
    show.refresh_from_db()
    assert show.busy_until == show.ends_at + timedelta(minutes=15)


def test_a_show_without_bookings_gets_the_seats_of_the_current_plan(show: Show) -> None:
    give_plan(show.screen, LESS)
    (one,) = found()
    assert (one.has_old_times, len(one.plan)) == (False, 6)
    assert recompute(by=make_user(), found=[one]) == [show]
    show.refresh_from_db()
    assert (show.total_seats, show.available_seats) == (6, 6)
    labels = [seat.label for seat in show.seats.in_plan_order()]
    assert labels == ["A1", "A2", "A3", "B1", "B2", "B3"]
    assert found() == []
    make_booking(show, ["B3"])


def test_a_show_with_a_booking_even_an_ended_one_keeps_its_seats(show: Show) -> None:
    booking = make_booking(show, ["A1"])
    services.cancel_booking(user=booking.user, reference=booking.reference)
    give_plan(show.screen, LESS)
    run_longer(show.movie, 100)
    (one,) = found()
    assert (one.new_times, one.new_seats) == (True, False)
    assert "so it keeps its seats" in one.seats_problem
    assert recompute(by=make_user(), found=[one]) == [show]
    show.refresh_from_db()
    assert (show.total_seats, show.ends_at - show.starts_at) == (50, timedelta(minutes=100))


def test_a_show_that_changed_meanwhile_stays_as_it_is(show: Show) -> None:
    other = make_show(screen=make_screen())
    for one in (show, other):
        run_longer(one.movie, 150)
    give_plan(show.screen, LESS)
    both = found()
    make_show(screen=show.screen, starts_at=show.busy_until)
    make_booking(show, ["A1"])
    later = other.starts_at + timedelta(hours=5)
    move_show(by=make_user(is_staff=True), show_id=other.pk, starts_at=later)
    assert recompute(by=make_user(), found=both) == []
    show.refresh_from_db()
    assert (show.total_seats, show.ends_at - show.starts_at) == (50, timedelta(minutes=120))


def test_only_changes_that_the_page_showed_are_made(show: Show) -> None:
    run_longer(show.movie, 150)
    client, query = staff_client(), f"movie={show.movie_id}"
    page = client.get(f"{PAGE}?{query}")
    run_longer(show.movie, 240)
    answer = press(client, page, query)
    assert "Nothing was changed" in answer.text
    show.refresh_from_db()
    assert show.ends_at - show.starts_at == timedelta(minutes=120)
    press(client, answer, query)
    show.refresh_from_db()
    assert show.ends_at - show.starts_at == timedelta(minutes=240)


def test_saving_a_film_a_screen_or_a_cinema_says_what_keeps_its_old_values(show: Show) -> None:
    client, movie, screen = staff_client(), show.movie, show.screen
    film = {"title": movie.title, "slug": movie.slug, "cast": "", "duration_minutes": "150"}
    page = client.post(f"/admin/movies/movie/{movie.pk}/change/", film, follow=True).text
    assert "1 coming show keeps the times and seats of before." in page
    assert f'{PAGE}?movie={movie.pk}"' in page
    run_longer(movie, 120)

    hall = {"cinema": screen.cinema_id, "name": "Audi 1", "seating_plan": screen.seating_plan}
    address = f"/admin/shows/screen/{screen.pk}/change/"
    longer = client.post(address, hall | {"cleaning_minutes": "20"}, follow=True).text
    assert f'{PAGE}?screen={screen.pk}"' in longer
    same = client.post(address, hall | {"cleaning_minutes": "15"}, follow=True).text
    assert "coming show" not in same
    smaller = hall | {"cleaning_minutes": "15", "seating_plan": LESS}
    assert f'{PAGE}?screen={screen.pk}"' in client.post(address, smaller, follow=True).text

    cinema = screen.cinema
    values = {"name": cinema.name, "slug": cinema.slug, "city": "Pune", "timezone": cinema.timezone}
    values |= {"currency": "INR", "booking_fee": "0", "booking_fee_per": "ticket"}
    inline = {"screens-TOTAL_FORMS": "0", "screens-INITIAL_FORMS": "0"}
    address = f"/admin/shows/cinema/{cinema.pk}/change/"
    assert f'{PAGE}?cinema={cinema.pk}"' in client.post(address, values | inline, follow=True).text


def test_the_page_needs_its_permission_and_something_to_look_at(client: Client) -> None:
    for query in ("", "?movie=x", "?movie=", "?screen=²", f"?cinema={'9' * 30}"):
        assert staff_client_of(client).get(f"{PAGE}{query}").status_code == 404
    client.force_login(make_user(is_staff=True))
    assert client.get(f"{PAGE}?movie=1").status_code == 403


def staff_client_of(client: Client) -> Client:
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def test_the_page_needs_as_many_queries_for_many_shows(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    movie = make_movie()
    for _ in range(4):
        make_show(movie=movie)
    run_longer(movie, 130)
    with django_assert_num_queries(4):
        assert len(found(movie=movie)) == 4
    assert Show.objects.with_old_times(at=timezone.now()).count() == 4

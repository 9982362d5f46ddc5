import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from bookings import services
from tests.support.factories import begin, lapse, make_booking, make_movie, make_show, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, query: str = "") -> str:
    return client.get(reverse("bookings:list") + query).content.decode()


def test_holds_come_before_tickets_and_what_ended_is_below(client: Client, user: User) -> None:
    late = make_show(starts_in=timedelta(days=2), movie=make_movie("Late"))
    soon = make_show(starts_in=timedelta(hours=2), movie=make_movie("Soon"))
    gone = make_show(movie=make_movie("Let go"))
    make_booking(late, ["A1"], user=user)
    services.hold_seats(user=user, show_id=soon.pk, labels=["A1"])
    lapse(services.hold_seats(user=user, show_id=gone.pk, labels=["A1"]))
    body = page(client)
    expected = ("Held for you", ">Soon<", "Upcoming", ">Late<", "Holds that ended", ">Let go<")
    places = [body.index(words) for words in expected]
    assert places == sorted(places)
    for words in ("left to confirm", "Confirmed", "Not completed"):
        assert words in body


def test_holds_come_first_with_the_time_that_is_left(client: Client, user: User) -> None:
    make_booking(make_show(movie=make_movie("Ticket")), ["A1"], user=user)
    late = make_show(starts_in=timedelta(days=2), movie=make_movie("Held"))
    services.hold_seats(user=user, show_id=late.pk, labels=["A1"])
    body = page(client)
    assert body.index(">Held<") < body.index(">Ticket<")
    found = re.search(r'data-countdown data-seconds="(\d+)".*?<time data-time>(\d:\d\d)<', body)
    assert found
    minutes, seconds = found[2].split(":")
    assert 0 < int(found[1]) == int(minutes) * 60 + int(seconds) <= 120
    assert f'content="{int(found[1]) + 1}"' in body, "a page without JavaScript looks again"


def test_holds_that_ended_are_folded_away_and_fill_no_page(client: Client, user: User) -> None:
    show = make_show()
    for label in show.seats.in_plan_order().values_list("label", flat=True)[:21]:
        held = services.hold_seats(user=user, show_id=show.pk, labels=[label])
        services.release_hold(user=user, reference=held.reference)
    body = page(client)
    assert "No tickets yet" in body
    assert "Past and" not in body
    assert body[body.index("<details class=") :].count('class="booking-row"') == 10
    assert "Page 1" not in body


def test_a_show_that_runs_is_still_coming_until_it_ends(client: Client, user: User) -> None:
    show = make_show()
    make_booking(show, ["A1"], user=user)
    begin(show)
    assert "Upcoming" in page(client)


def test_an_empty_list_leads_to_the_films(client: Client) -> None:
    body = page(client)
    assert "No tickets yet" in body
    assert reverse("listings:home") in body


def test_only_ones_own_bookings_are_listed(client: Client) -> None:
    make_booking(make_show(movie=make_movie("Secret")), ["A1"])
    assert "Secret" not in page(client)


def test_the_list_costs_the_same_for_one_booking_and_for_many(client: Client, user: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            page(client)
        return len(found)

    make_booking(make_show(), ["A1"], user=user)
    one = queries()
    for _ in range(5):
        make_booking(make_show(), ["A1", "A2"], user=user)
    assert queries() == one <= 7


def test_a_long_list_comes_in_pages(client: Client, user: User) -> None:
    show = make_show()
    for label in show.seats.in_plan_order().values_list("label", flat=True)[:21]:
        make_booking(show, [label], user=user)
    assert "1 of 2" in page(client)
    assert "2 of 2" in page(client, "?page=2")
    assert "2 of 2" in page(client, "?page=99")


def test_a_visitor_is_asked_to_log_in() -> None:
    assert Client().get(reverse("bookings:list")).status_code == 302

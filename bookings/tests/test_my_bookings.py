from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from bookings import services
from tests.factories import begin, lapse, make_booking, make_movie, make_show, make_user

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


def test_what_is_coming_is_listed_soonest_first_and_the_rest_below(
    client: Client, user: User
) -> None:
    late = make_show(starts_in=timedelta(days=2), movie=make_movie("Late"))
    soon = make_show(starts_in=timedelta(hours=2), movie=make_movie("Soon"))
    gone = make_show(movie=make_movie("Let go"))
    make_booking(late, ["A1"], user=user)
    services.hold_seats(user=user, show_id=soon.pk, labels=["A1"])
    lapse(services.hold_seats(user=user, show_id=gone.pk, labels=["A1"]))
    body = page(client)
    places = [body.index(title) for title in (">Soon<", ">Late<", "Past and ended", ">Let go<")]
    assert places == sorted(places)
    for words in ("Held, waiting for you", "Confirmed", "Not completed"):
        assert words in body


def test_a_show_that_runs_is_still_coming_until_it_ends(client: Client, user: User) -> None:
    show = make_show()
    make_booking(show, ["A1"], user=user)
    begin(show)
    assert "Upcoming" in page(client)


def test_an_empty_list_leads_to_the_films(client: Client) -> None:
    body = page(client)
    assert "No tickets yet" in body
    assert reverse("movies:home") in body


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
    assert queries() == one <= 6


def test_a_long_list_comes_in_pages(client: Client, user: User) -> None:
    show = make_show()
    for label in show.seats.in_plan_order().values_list("label", flat=True)[:21]:
        make_booking(show, [label], user=user)
    assert "1 of 2" in page(client)
    assert "2 of 2" in page(client, "?page=2")
    assert "2 of 2" in page(client, "?page=99")


def test_a_visitor_is_asked_to_log_in() -> None:
    assert Client().get(reverse("bookings:list")).status_code == 302

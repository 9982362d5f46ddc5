"""The list of what to save, the saved page, and the header that says whose page it is."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils import timezone

from accounts.guests.session import GUEST, LINKED
from accounts.models import User
from bookings import services
from bookings.models import Booking
from bookings.offline.person import ENDED_COOKIE, NOBODY, PERSON_HEADER
from bookings.offline.saving import MOST_TICKETS
from movies.models import Movie
from tests.support.factories import make_booking, make_guest, make_movie, make_show, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return make_user("asha@example.com")


@pytest.fixture
def client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def ticket(user: User) -> Booking:
    return make_booking(make_show(movie=make_movie("Past Lives & More")), ["C4", "C5"], user=user)


def listing(client: Client) -> dict[str, Any]:
    response = client.get("/bookings/to-save/")
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    data: dict[str, Any] = response.json()
    return data


def references(client: Client) -> list[str]:
    return [entry["reference"] for entry in listing(client)["tickets"]]


def test_coming_tickets_are_listed_with_their_addresses(client: Client, ticket: Booking) -> None:
    (entry,) = listing(client)["tickets"]
    assert entry["page"] == ticket.get_absolute_url()
    for address in (entry["copy"], *entry["files"], entry["poster"]):
        assert client.get(address).status_code == 200
    assert entry["until"] == ticket.show.ends_at.isoformat()
    assert "Past Lives &amp; More" in entry["row"]


def test_every_file_of_the_saved_page_is_listed(client: Client, ticket: Booking) -> None:
    data = listing(client)
    (entry,) = data["tickets"]
    page = client.get(entry["copy"]).content.decode()
    needed = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', page))
    # Icons of tabs and home screens are fetched at other times.
    needed = {path for path in needed if "touch-" not in path}
    assert needed
    assert needed <= set(data["files"])
    assert all(finders.find(path.removeprefix("/static/")) for path in data["files"])
    assert entry["poster"] in page


def test_the_saved_page_has_nothing_that_needs_a_network(client: Client, ticket: Booking) -> None:
    page = client.get(f"{ticket.get_absolute_url()}saved/").content.decode()
    assert "csrfmiddlewaretoken" not in page
    assert 'method="post"' not in page
    assert "hx-" not in page.replace("htmx-config", "")
    assert 'class="qr"' in page
    assert len(re.findall("<!--saved-->", page)) == len(re.findall("<!--/saved-->", page)) == 1


def test_holds_cancelled_tickets_and_past_shows_are_not_saved(
    client: Client, user: User, ticket: Booking
) -> None:
    services.hold_seats(user=user, show_id=make_show().pk, labels=["A1"])
    cancelled = make_booking(make_show(), ["A1"], user=user)
    services.cancel_booking(user=user, reference=cancelled.reference)
    make_booking(make_show(), ["A1"], user=make_user())
    assert references(client) == [ticket.reference]
    show, hour = ticket.show, timedelta(hours=1)
    show.starts_at, show.ends_at = timezone.now() - 3 * hour, timezone.now() - hour
    show.save()
    assert references(client) == []


def test_the_nearest_shows_are_saved_and_no_more_than_the_limit(client: Client, user: User) -> None:
    for day in range(MOST_TICKETS + 2, 0, -1):
        make_booking(make_show(starts_in=timedelta(days=day)), ["A1"], user=user)
    starts = [entry["until"] for entry in listing(client)["tickets"]]
    assert len(starts) == MOST_TICKETS
    assert starts == sorted(starts)


def version(client: Client) -> str:
    (entry,) = listing(client)["tickets"]
    return str(entry["version"])


def test_the_version_changes_with_what_the_ticket_says_only(
    client: Client, user: User, ticket: Booking
) -> None:
    first = version(client)
    make_user("another@example.com")
    assert version(client) == first
    Movie.objects.filter(pk=ticket.show.movie_id).update(title="Past Lives, again")
    second = version(client)
    assert second != first
    show = ticket.show
    for name in ("starts_at", "ends_at", "busy_until"):
        setattr(show, name, getattr(show, name) + timedelta(days=1))
    show.save()
    assert version(client) not in {first, second}


def test_a_poster_of_another_site_is_left_out(client: Client, ticket: Booking) -> None:
    Movie.objects.update(poster_url="https://posters.example/her.jpg")
    (entry,) = listing(client)["tickets"]
    assert entry["poster"] == ""
    assert "posters.example" not in client.get(entry["copy"]).content.decode()


def test_a_visitor_has_an_empty_list() -> None:
    data = listing(Client())
    assert (data["person"], data["tickets"]) == ("", [])


def test_each_page_says_whose_it_is_without_saying_who(client: Client, user: User) -> None:
    key = client.get("/accounts/profile/")[PERSON_HEADER]
    assert key == client.get("/")[PERSON_HEADER] == listing(client)["person"]
    assert str(user.pk) != key
    other = Client()
    other.force_login(make_user())
    assert other.get("/")[PERSON_HEADER] != key


def test_a_visitor_gets_no_header_and_an_ended_session_gets_nobody(client: Client) -> None:
    assert PERSON_HEADER not in Client().get("/")
    key = client.get("/")[PERSON_HEADER]
    User.objects.update(password="changed")
    response = client.get("/")
    assert response[PERSON_HEADER] == NOBODY != key


def test_the_pages_after_an_end_that_no_page_told_say_it_too(client: Client) -> None:
    assert client.post("/accounts/logout/").status_code == 302
    # The answer took the cookie of the session away; the test client would send an empty one.
    del client.cookies[settings.SESSION_COOKIE_NAME]
    for _ in range(2):
        assert client.get("/accounts/login/")[PERSON_HEADER] == NOBODY
    client.force_login(make_user())
    assert client.get("/")[PERSON_HEADER] != NOBODY


def test_what_says_that_a_session_ended_runs_out_before_the_next_session(client: Client) -> None:
    cookie = client.post("/accounts/logout/").cookies[ENDED_COOKIE]
    assert cookie["max-age"] <= settings.SESSION_COOKIE_AGE
    assert cookie["httponly"]


def test_a_session_that_ran_out_gets_no_header(client: Client) -> None:
    # Browsers delete the cookie at the same time.
    del client.cookies[settings.SESSION_COOKIE_NAME]
    assert PERSON_HEADER not in client.get("/")


def test_guests_have_a_key_too(db: None) -> None:
    guest = make_guest(name="Asha Rao", phone="98765 43210")
    ticket = make_booking(make_show(), ["A1"], user=guest)
    for key, value in ((GUEST, guest.pk), (LINKED, [guest.pk])):
        client = Client()
        session = client.session
        session[key] = value
        session.save()
        assert references(client) == [ticket.reference]
        assert client.get("/")[PERSON_HEADER] == listing(client)["person"]

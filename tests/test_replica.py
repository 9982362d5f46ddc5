"""Which reads go to the replica, and which never do.

The replica here is a second connection to the same database, which counts its statements. How far
it has replayed is what the test says. A real standby: tests/faults/test_hosts.py.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from io import StringIO
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import OperationalError, connections
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from bookings import services
from bookings.models import Booking
from bookings.payments.states import PaymentState
from bookings.tickets.services import door_token
from bookmyshow.core.db import replicas
from bookmyshow.core.db.base import DatabaseWrapper
from movies.models import Movie
from shows.models import Seat, Show
from tests.support.api_client import ApiInProcess
from tests.support.factories import make_movie, make_show, make_user
from tests.support.paying import press, seen
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

BEHIND = "SELECT 1::bigint"


class Replica:
    """Counts the statements of the replica, without the looks at its position."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.error: Exception | None = None

    def __call__(self, execute: Any, sql: str, *rest: Any) -> Any:
        if sql != replicas.REPLAYED:
            self.statements.append(sql)
            if self.error is not None:
                raise self.error
        return execute(sql, *rest)

    def session(self) -> int:
        """The process of the database that serves the connection."""
        return int(connections[replicas.REPLICA].connection.info.backend_pid)

    def answers(self, client: Client, path: str) -> bool:
        """Whether it has a part in the answer. Asserts that the page is well."""
        self.statements.clear()
        cache.clear()
        response = client.get(path)
        assert response.status_code == 200
        b"".join(response) if response.streaming else response.content
        return bool(self.statements)


@pytest.fixture
def replica(settings: Settings) -> Iterator[Replica]:
    settings.HAS_REPLICA = True
    settings.DATABASE_ROUTERS = ["bookmyshow.core.db.replicas.Router"]
    replicas._known.forget()
    alias = replicas.REPLICA
    connections[alias] = DatabaseWrapper(connections["default"].settings_dict, alias)
    found = Replica()
    with ExitStack() as stack:
        stack.callback(connections[alias].close)
        # Before its statements count: an error is then one of a page's read, not of connecting.
        connections[alias].ensure_connection()
        stack.enter_context(connections[alias].execute_wrapper(found))
        yield found
    del connections[alias]


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A replica that has replayed next to nothing."""
    monkeypatch.setattr(replicas, "REPLAYED", BEHIND)


@pytest.fixture
def staff() -> User:
    return make_user("staff@example.com", is_staff=True, is_superuser=True)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_lists_of_films_the_dashboard_exports_and_reports_read_the_replica(
    replica: Replica, staff: User
) -> None:
    make_show(movie=make_movie("Anatomy of a Fall"))
    visitor, manager = Client(), signed_in(staff)
    for path in ("/", "/?q=anatomy", "/?page=1", "/api/movies", "/api/movies?search=anatomy"):
        assert replica.answers(visitor, path), path
    assert replica.answers(manager, reverse("staff-dashboard"))
    assert replica.answers(manager, reverse("staff-export", args=["movies", "movie"]))
    replica.statements.clear()
    call_command("booking_report", stdout=StringIO())
    assert replica.statements


def test_no_statement_of_a_booking_runs_on_the_replica(
    replica: Replica, staff: User, sandbox: Sandbox
) -> None:
    """A person buys, on pages and by the API, after pages that used the replica."""
    show, person = make_show(), make_user()
    client, door, api = signed_in(person), signed_in(staff), ApiInProcess(Client())
    assert replica.answers(client, "/")
    replica.error = AssertionError("a statement of a booking on the replica")
    seats = reverse("shows:seats", args=[show.pk])
    for path in (seats, f"{seats}?v=1", show.get_absolute_url()):
        assert client.get(path).status_code == 200
    held = client.post(reverse("bookings:hold", args=[show.pk]), {"seat": "A1", "token": "1"})
    booking = Booking.objects.get()
    assert held["Location"] == booking.get_absolute_url()
    assert client.get(booking.get_absolute_url()).status_code == 200
    client.post(reverse("bookings:confirm", args=[booking.reference]))
    booking.refresh_from_db()
    assert booking.status == Booking.Status.CONFIRMED
    for name in ("booking", "clock", "pdf", "qr"):
        assert client.get(reverse(f"bookings:{name}", args=[booking.reference])).status_code == 200
    assert booking.reference in client.get(reverse("bookings:list")).content.decode()
    body = {"showId": show.pk, "seats": [{"seatNumber": "A2"}]}
    by_api = api.post("bookings", body, by=person).data
    assert api.call("PATCH", f"bookings/{by_api['id']}/confirm", by=person).status == 200
    checkout = press(services.hold_seats(user=person, show_id=show.pk, labels=["A3"]))
    sandbox.pay(checkout.payment.reference)
    assert seen(checkout).state == PaymentState.CAPTURED
    assert len(api.get("auth/bookings", by=person).data) == 3
    assert api.get(f"shows/{show.pk}").status == 200
    admitted = door.post(
        reverse("bookings:door-show", args=[show.pk]), {"ticket": door_token(booking)}
    )
    assert admitted.status_code == 200
    replica.error = None
    assert replica.answers(client, "/"), "the replica was there all the time"


def test_inside_of_a_page_that_reads_the_replica_seats_bookings_and_people_come_from_the_primary(
    replica: Replica,
) -> None:
    show, person = make_show(), make_user()

    def page() -> None:
        assert Show.objects.get().pk == show.pk
        assert replica.statements
        replica.statements.clear()
        assert Seat.objects.filter(show=show).first() is not None
        assert Booking.objects.first() is None
        assert User.objects.get() == person
        Show.objects.select_for_update().values("pk")
        show.save()

    replicas.read(page)
    assert replica.statements == []


def test_a_browser_sees_its_own_changes(
    replica: Replica, staff: User, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """The replica stays where it was before the change, for others near enough."""
    monkeypatch.setattr(replicas, "MOST_SECONDS_BEHIND", 600)
    changed, unchanged = signed_in(staff), signed_in(staff)
    before = replicas.position_of_primary()
    replicas._known.learn(time.monotonic(), replicas.Look(before, before))
    changed.post(reverse("accounts:profile"), {"name": "Noor"})
    after = int(changed.cookies[settings.WRITTEN_COOKIE_NAME].value, 16)
    assert before < after <= replicas.position_of_primary()
    dashboard = reverse("staff-dashboard")
    with monkeypatch.context() as stays:
        stays.setattr(replicas, "REPLAYED", f"SELECT {before}::bigint")
        assert replica.answers(unchanged, dashboard)
        assert not replica.answers(changed, dashboard)
    assert replica.answers(changed, dashboard)


def test_what_is_cached_for_others_never_comes_from_a_replica_that_is_behind(
    replica: Replica, behind: None
) -> None:
    make_show()
    assert not replica.answers(Client(), "/")
    assert not replica.answers(Client(), "/api/movies")


def test_a_replica_that_is_far_behind_is_not_used_for_anything(
    replica: Replica, behind: None, staff: User
) -> None:
    assert not replica.answers(signed_in(staff), reverse("staff-dashboard"))


def test_a_replica_that_is_away_costs_one_try_and_the_primary_answers(
    replica: Replica, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replicas, "AWAY_SECONDS", 600)  # for busy machines
    manager, dashboard = signed_in(staff), reverse("staff-dashboard")
    replica.error = OperationalError("the connection is lost")
    assert replica.answers(manager, dashboard), "it was tried"
    assert not replica.answers(manager, dashboard)


def test_an_export_starts_again_with_the_primary_or_ends_with_an_error(
    replica: Replica, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The replica's session is ended before the first row, and between two packets of rows."""
    monkeypatch.setattr(replicas, "AWAY_SECONDS", 600)  # for busy machines
    Movie.objects.bulk_create(Movie(title=f"Film {n}", slug=f"film-{n}") for n in range(450))
    manager, path = signed_in(staff), reverse("staff-export", args=["movies", "movie"])

    def lines_of(response: Any) -> Iterator[str]:
        return (line.decode() for line in response.streaming_content)

    replica.error = OperationalError("the connection is lost")
    assert len(list(lines_of(manager.get(path)))) == 450
    replica.error = None
    replicas._known.forget()
    begun = lines_of(manager.get(path))
    assert "Film" in next(begun)
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [replica.session()])
    with pytest.raises(OperationalError):
        list(begun)
    assert not replica.answers(manager, path), "the next try reads the primary"


def test_without_a_replica_nothing_is_remembered(settings: Settings) -> None:
    assert settings.HAS_REPLICA is False
    person = signed_in(make_user())
    person.post(reverse("accounts:profile"), {"name": "Asha"})
    assert settings.WRITTEN_COOKIE_NAME not in person.cookies

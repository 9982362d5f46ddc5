"""Pages read only the columns that they show: no search vector, seating plan or long text."""

import re
from dataclasses import dataclass

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from bookings import services
from bookings.models import Booking
from bookings.tickets.services import share_token
from bookmyshow.core.cache.serializer import pack
from shows.models import Show
from shows.seatmap.show_cache import show_or_404
from tests.support.admin_site import staff_client
from tests.support.factories import hall, make_booking, make_movie, make_screen, make_show

pytestmark = pytest.mark.django_db

SEARCH = '"movies_movie"."search"'
PLAN = '"shows_screen"."seating_plan"'
TEXTS = ('"movies_movie"."description"', '"movies_movie"."cast"')


@dataclass(frozen=True)
class World:
    client: Client
    show: Show
    ticket: Booking
    hold: Booking


@pytest.fixture
def world() -> World:
    """A film with long texts in a large hall; staff who have a ticket and, for a later show, a
    hold.
    """
    client = staff_client()
    user = User.objects.get()
    movie = make_movie(description="A long story. " * 150, cast=["Sandra Hüller"] * 20)
    screen = make_screen(plan=hall(20, 24))
    show = make_show(movie=movie, screen=screen)
    labels = [show.seats.in_plan_order()[0].label]
    ticket = make_booking(show, labels, user=user)
    later = make_show(movie=movie, screen=make_screen(plan=screen.seating_plan))
    hold = services.hold_seats(user=user, show_id=later.pk, labels=labels)
    return World(client, show, ticket, hold)


def statements(client: Client, address: str) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        response = client.get(address)
    assert response.status_code == 200, address
    assert response.content
    # A prepared statement has no text here.
    return [query["sql"] or "" for query in captured]


def addresses(world: World) -> dict[str, str]:
    show, ticket, hold = world.show, world.ticket, world.hold
    return {
        "home": "/",
        "coming soon": "/?list=soon",
        "seat map": show.get_absolute_url(),
        "own hold": reverse("shows:own", args=[show.pk]),
        "checkout": reverse("bookings:booking", args=[hold.reference]),
        "ticket": reverse("bookings:booking", args=[ticket.reference]),
        "pdf": reverse("bookings:pdf", args=[ticket.reference]),
        "calendar entry": reverse("bookings:ics", args=[ticket.reference]),
        "share": reverse("bookings:share", args=[ticket.reference]),
        "shared": reverse("bookings:shared", args=[share_token(ticket)]),
        "my bookings": reverse("bookings:list"),
        "door": reverse("bookings:door"),
        "door of a show": reverse("bookings:door-show", args=[show.pk]),
        "counter": reverse("bookings:counter"),
        "counter of a booking": reverse("bookings:counter-booking", args=[ticket.reference]),
        "money to hand back": reverse("bookings:counter-refunds"),
        "cash-up": reverse("bookings:counter-cash-up"),
        "shows in the admin": reverse("admin:shows_show_changelist"),
        "bookings in the admin": reverse("admin:bookings_booking_changelist"),
        "messages in the admin": reverse("admin:outbox_message_changelist"),
        "move a show": reverse("staff-move-show", args=[show.pk]),
        "dashboard": reverse("staff-dashboard"),
        "day at a cinema": f"{reverse('staff-day')}?cinema={show.screen.cinema.slug}",
        "poster": show.movie.poster_src,
        "a person's data": reverse("accounts:export"),
        "sitemap": "/sitemap.xml",
        "shows in the API": "/api/shows",
        "a show in the API": f"/api/shows/{show.pk}",
    }


def test_pages_about_shows_read_no_long_columns(world: World) -> None:
    read = {}
    for page, address in addresses(world).items():
        sql = "\n".join(statements(world.client, address))
        read[page] = [column for column in (SEARCH, PLAN, *TEXTS) if column in sql]
    # The featured film has the first line of its description.
    assert set(read.pop("home")) <= set(TEXTS)
    assert not any(read.values()), read


def test_the_cards_of_the_home_page_need_no_long_texts(world: World) -> None:
    films = [sql for sql in statements(world.client, "/") if '"movies_movie"."title"' in sql]
    featured = [sql for sql in films if re.search(r"LIMIT 5$|LIMIT 1 ", sql)]
    cards = [sql for sql in films if sql not in featured]
    assert cards
    for sql in cards:
        assert not any(column in sql for column in TEXTS)


def test_a_films_page_reads_neither_seating_plans_nor_the_search_column(world: World) -> None:
    for address in (
        world.show.movie.get_absolute_url(),
        reverse("admin:movies_movie_changelist"),
        "/api/movies",
        f"/api/movies/{world.show.movie_id}",
    ):
        read = "\n".join(statements(world.client, address))
        assert SEARCH not in read
        assert PLAN not in read


def test_a_search_asks_for_matches_and_reads_no_vector(world: World) -> None:
    for address in ("/?q=anatomy", "/api/movies?search=anatomy"):
        for sql in statements(world.client, address):
            assert SEARCH not in sql.partition(" FROM ")[0]


def test_the_sitemap_reads_addresses_and_dates(world: World) -> None:
    _count, films = [
        sql for sql in statements(world.client, "/sitemap.xml") if "movies_movie" in sql
    ]
    columns = re.findall(r'"movies_movie"\."(\w+)"', films.partition(" FROM ")[0])
    assert columns == ["id", "slug", "updated_at"]


def test_the_kept_details_of_a_show_are_small(world: World) -> None:
    """They are read with each seat map. The whole rows were at least four times as large."""
    show = Show.objects.select_related("movie", "screen__cinema").get(pk=world.show.pk)
    packed = pack(show_or_404(show.pk))
    assert len(packed) < 600
    assert len(packed) * 4 < len(pack(show))

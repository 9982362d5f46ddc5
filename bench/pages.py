"""``python -m bench.pages``: prints as JSON the pages to measure, and sessions to open them with.

The pages depend on the database, such as a film with many shows.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from importlib import import_module
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import django
from django.conf import settings

from bench.rounds import Page

if TYPE_CHECKING:
    from accounts.models import User
    from movies.models import Movie
    from shows.models import Cinema, Show

STAFF, CUSTOMER = "staff", "customer"
ROWS_OF_PAGE = 50  # in a long list of the admin


def main() -> None:
    django.setup()
    pages = {**dict(public()), **dict(staff()), **dict(lists())}
    described = {name: asdict(page) for name, page in pages.items()}
    json.dump({"pages": described, "sessions": sessions()}, sys.stdout)


def sessions() -> dict[str, str]:
    """Session keys of a superuser (created if there is none) and of a customer with bookings."""
    from accounts.models import User

    boss = User.objects.filter(is_superuser=True).order_by("pk").first()
    boss = boss or User.objects.create_superuser("bench-staff@example.com", name="Bench Staff")
    return {STAFF: _session(boss), CUSTOMER: _session(_customer())}


def public() -> Iterator[tuple[str, Page]]:
    """The pages of customers."""
    from bookings.models import Booking

    show, film = _show(), _film()
    yield "home", Page("/")
    yield "home, empty cache", Page("/", empty_cache=True)
    yield "home, a search", Page(f"/?q={quote(film.title.split()[0][:4])}")
    yield "film", Page(film.get_absolute_url())
    yield "seat map", Page(show.get_absolute_url())
    yield "seat map, empty cache", Page(show.get_absolute_url(), empty_cache=True)
    yield "seat map's fragment", Page(f"{show.get_absolute_url()}seats/")
    yield "my bookings", Page("/bookings/", CUSTOMER)
    mine = Booking.objects.filter(user=_customer(), status="CONFIRMED").order_by("-pk")[0]
    yield "a ticket", Page(mine.get_absolute_url(), CUSTOMER)
    yield "API: films", Page("/api/movies")
    yield "API: shows", Page("/api/shows")
    yield "API: a show's seats", Page(f"/api/shows/{show.pk}")


def staff() -> Iterator[tuple[str, Page]]:
    """The pages of staff, without lists."""
    from bookings.door.services import shows_at_the_door
    from bookmyshow.core.time import database_now
    from shows.models import Cinema

    show, cinema = _show(), Cinema.objects.order_by("pk")[0]
    at_the_door = shows_at_the_door(at=database_now()).first() or show
    yield "front page", Page(_admin("index"), STAFF)
    yield "dashboard", Page(f"{_admin('index')}dashboard/", STAFF)
    yield "dashboard, empty cache", Page(f"{_admin('index')}dashboard/", STAFF, empty_cache=True)
    yield "planner", Page(f"{_admin('index')}shows/show/plan/", STAFF)
    yield "planner's preview", Page(f"{_admin('index')}shows/show/plan/", STAFF, _plan(cinema))
    yield "day view", Page(f"{_admin('index')}shows/show/day/?cinema={cinema.slug}", STAFF)
    yield "door", Page("/door/", STAFF)
    yield "door of a show", Page(f"/door/{at_the_door.pk}/", STAFF)
    yield "a show", Page(_admin("shows_show_change", show.pk), STAFF)
    yield "cancel a show", Page(f"{_admin('index')}shows/show/{show.pk}/cancel/", STAFF)
    yield "move a show", Page(f"{_admin('index')}shows/show/{show.pk}/move/", STAFF)


def lists() -> Iterator[tuple[str, Page]]:
    """Every list of the admin and its export; the long lists also with filters and searches."""
    from django.contrib import admin

    from bookings.models import Booking

    for model in admin.site._registry:
        label = str(model._meta.verbose_name_plural)
        yield f"list: {label}", Page(_list(model._meta.label_lower), STAFF)
        yield f"CSV: {label}", Page(_export(model._meta.label_lower), STAFF, only_start=True)
    show, film, person = _show(), _film(), _customer()
    booking = Booking.objects.filter(user=person).order_by("pk")[0]
    cinema = show.screen.cinema_id
    pages = -(-Booking.objects.count() // ROWS_OF_PAGE)
    queries: tuple[tuple[str, str, dict[str, object]], ...] = (
        ("bookings, page 20", "bookings.booking", {"p": min(20, pages)}),
        ("bookings, confirmed", "bookings.booking", {"status_now": "CONFIRMED"}),
        ("bookings of a cinema", "bookings.booking", {"show__screen__cinema__id__exact": cinema}),
        ("bookings by reference", "bookings.booking", {"q": booking.reference}),
        ("bookings by email", "bookings.booking", {"q": person.email}),
        ("bookings by name", "bookings.booking", {"q": person.name}),
        ("shows to come", "shows.show", {"day": "coming"}),
        ("shows of a cinema", "shows.show", {"screen__cinema__id__exact": cinema}),
        ("shows of a film", "shows.show", {"q": film.title}),
        ("films, a search", "movies.movie", {"q": film.title}),
        ("users by email", "accounts.user", {"q": person.email}),
        ("users by name", "accounts.user", {"q": person.name}),
        ("audit log of shows", "admin.logentry", {"q": film.title}),
    )
    for name, model_label, query in queries:
        yield f"list: {name}", Page(f"{_list(model_label)}?{urlencode(query)}", STAFF)


def _admin(name: str, *arguments: object) -> str:
    from django.urls import reverse

    return reverse(f"admin:{name}", args=arguments)


def _list(label: str) -> str:
    return _admin(f"{label.replace('.', '_')}_changelist")


def _export(label: str) -> str:
    from django.urls import reverse

    return reverse("staff-export", args=label.split("."))


def _show() -> "Show":
    """A coming show with a hall of about 200 seats."""
    from django.db.models import F
    from django.db.models.functions import Abs

    from bookmyshow.core.time import database_now
    from shows.models import Show

    coming = Show.objects.upcoming(at=database_now()).select_related("screen__cinema")
    return coming.order_by(Abs(F("total_seats") - 200), "starts_at")[0]


def _film() -> "Movie":
    """The film whose number of coming shows is nearest to 42."""
    from django.db.models import Count, F, Q
    from django.db.models.functions import Abs

    from bookmyshow.core.time import database_now
    from movies.models import Movie

    coming = Count("shows", filter=Q(shows__starts_at__gt=database_now()))
    return Movie.objects.annotate(n=coming).order_by(Abs(F("n") - 42), "pk")[0]


def _customer() -> "User":
    """A buyer of one of the latest 500 bookings, whose number of bookings is nearest to 12."""
    from django.db.models import Count, F
    from django.db.models.functions import Abs

    from accounts.models import User
    from bookings.models import Booking

    sold = Booking.objects.filter(status="CONFIRMED").order_by("-pk")
    buyers = list(sold.values_list("user", flat=True)[:500])
    return (
        User.objects.filter(pk__in=buyers, is_staff=False)
        .annotate(n=Count("bookings"))
        .order_by(Abs(F("n") - 12), "pk")[0]
    )


def _plan(cinema: "Cinema") -> str:
    """The planner's form for two screens, with three shows a day for a week.

    The week begins 30 days from now, when no shows are planned.
    """
    from datetime import timedelta

    from bookmyshow.core.time import database_now
    from movies.models import Movie

    first = database_now().date() + timedelta(days=30)
    films = Movie.objects.filter(duration_minutes__isnull=False).order_by("pk")[:2]
    return urlencode(
        [
            *(("movies", film.pk) for film in films),
            *(("screens", screen.pk) for screen in cinema.screens.order_by("pk")[:2]),
            ("first_day", first),
            ("last_day", first + timedelta(days=6)),
            ("times", "10:00, 14:00, 18:00"),
            ("standard_price", "250"),
            ("premium_price", "400"),
            ("format", "2D"),
            ("preview", "Preview"),
        ]
    )


def _session(user: "User") -> str:
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


if __name__ == "__main__":
    main()

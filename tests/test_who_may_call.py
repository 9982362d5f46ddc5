"""Every address of the site, who may call it, and that nobody else can.

A new address without a row here fails. Callers are a visitor without an account, a customer, the
owner of the booking in question, and a superuser. Who may not is sent to a log-in, or told 401, 403
or 404.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User
from accounts.tokens import issue_token
from bookings.models import Booking
from bookmyshow.site.api import document
from tests.support.factories import make_booking, make_show, make_user

ANYONE = {"visitor", "customer", "owner", "superuser"}
PERSON = ANYONE - {"visitor"}
OWNER = {"owner"}
OWNER_OR_ADMIN = {"owner", "superuser"}
ADMIN = {"superuser"}
STAFF = {"superuser"}  # and whoever has the permission; bookings/tests say who that is


@dataclass(frozen=True)
class Row:
    """What one route lets whom do; `example` is an address of it (see `address`)."""

    who: set[str]
    example: str
    method: str = "GET"
    form: str = ""


PAGES: dict[str, Row] = {
    "": Row(ANYONE, "/"),
    "movies/<slug:slug>/": Row(ANYONE, "/movies/{slug}/"),
    "movies/<slug:slug>/poster.svg": Row(ANYONE, "/movies/{slug}/poster.svg"),
    "movies/<slug:slug>/poster-<int:width>.webp": Row(ANYONE, "/movies/{slug}/poster-352.webp"),
    "movies/<slug:slug>/backdrop.svg": Row(ANYONE, "/movies/{slug}/backdrop.svg"),
    "movies/<slug:slug>/card.png": Row(ANYONE, "/movies/{slug}/card.png"),
    "shows/<int:show_id>/": Row(ANYONE, "/shows/{show}/"),
    "shows/<int:show_id>/own/": Row(ANYONE, "/shows/{show}/own/"),
    "shows/<int:show_id>/seats/": Row(ANYONE, "/shows/{show}/seats/"),
    "shows/<int:show_id>/hold/": Row(PERSON, "/shows/{show}/hold/", "POST", "seat=A1"),
    "accounts/signup/": Row(ANYONE, "/accounts/signup/"),
    "accounts/signup/check/<slug:field>/": Row(ANYONE, "/accounts/signup/check/email/", "POST"),
    "accounts/login/": Row(ANYONE, "/accounts/login/"),
    "accounts/logout/": Row(ANYONE, "/accounts/logout/", "POST"),
    "accounts/profile/": Row(PERSON, "/accounts/profile/"),
    "accounts/profile/password/": Row(PERSON, "/accounts/profile/password/"),
    "accounts/profile/log-out-others/": Row(PERSON, "/accounts/profile/log-out-others/", "POST"),
    "accounts/profile/send-link/": Row(PERSON, "/accounts/profile/send-link/", "POST"),
    "accounts/confirm-email/<str:token>/": Row(ANYONE, "/accounts/confirm-email/made-up/"),
    "accounts/two-factor/": Row(STAFF, "/accounts/two-factor/"),
    "accounts/two-factor/codes/": Row(STAFF, "/accounts/two-factor/codes/"),
    "accounts/profile/export/": Row(PERSON, "/accounts/profile/export/"),
    "accounts/profile/delete/": Row(PERSON, "/accounts/profile/delete/"),
    "accounts/password-reset/": Row(ANYONE, "/accounts/password-reset/"),
    "accounts/password-reset/sent/": Row(ANYONE, "/accounts/password-reset/sent/"),
    "accounts/password-reset/<uidb64>/<token>/": Row(ANYONE, "/accounts/password-reset/MQ/t-t/"),
    "accounts/password-reset/done/": Row(ANYONE, "/accounts/password-reset/done/"),
    "bookings/": Row(PERSON, "/bookings/"),
    "bookings/<reference:reference>/": Row(OWNER, "/bookings/{reference}/"),
    "bookings/<reference:reference>/clock/": Row(OWNER, "/bookings/{reference}/clock/"),
    "bookings/<reference:reference>/confirm/": Row(OWNER, "/bookings/{reference}/confirm/", "POST"),
    "bookings/<reference:reference>/release/": Row(OWNER, "/bookings/{reference}/release/", "POST"),
    "bookings/<reference:reference>/cancel/": Row(OWNER, "/bookings/{reference}/cancel/", "POST"),
    "bookings/<reference:reference>/ticket.pdf": Row(OWNER, "/bookings/{reference}/ticket.pdf"),
    "bookings/<reference:reference>/ticket.ics": Row(OWNER, "/bookings/{reference}/ticket.ics"),
    "bookings/<reference:reference>/qr.svg": Row(OWNER, "/bookings/{reference}/qr.svg"),
    "bookings/<reference:reference>/share/": Row(OWNER, "/bookings/{reference}/share/"),
    "robots.txt": Row(ANYONE, "/robots.txt"),
    "sitemap.xml": Row(ANYONE, "/sitemap.xml"),
    "manifest.webmanifest": Row(ANYONE, "/manifest.webmanifest"),
    "sw.js": Row(ANYONE, "/sw.js"),
    "offline/": Row(ANYONE, "/offline/"),
    "door/": Row(STAFF, "/door/"),
    "door/<int:show_id>/": Row(STAFF, "/door/{show}/"),
    "door/<int:show_id>/undo/": Row(STAFF, "/door/{show}/undo/", "POST"),
    "door/<int:show_id>/count/": Row(STAFF, "/door/{show}/count/"),
    "media/<path:path>": Row(ANYONE, "/media/poster.png"),
    "api/docs": Row(ANYONE, "/api/docs"),
    "api/openapi.json": Row(ANYONE, "/api/openapi.json"),
}
# Its own token is the key, and what comes without it is as if it weren't there.
BY_TOKEN = {"shared/<str:token>/", "metrics"}
# Only what a page of the site sends is taken (bookmyshow/site/tests/test_metrics_page.py).
FROM_OWN_PAGES = {"vitals"}
# Whatever is unknown under /api/ is a 404 in the API's envelope.
UNKNOWN = {"api", "api/"}

API: dict[tuple[str, str], Row] = {
    (method, path): Row(who, path.format(**names) if names else path, method)
    for method, path, who, names in [
        ("GET", "/api/health", ANYONE, {}),
        ("GET", "/api/health/ready", ANYONE, {}),
        ("POST", "/api/auth/signup", ANYONE, {}),
        ("POST", "/api/auth/login", ANYONE, {}),
        ("POST", "/api/auth/logout", PERSON, {}),
        ("GET", "/api/auth/profile", PERSON, {}),
        ("PUT", "/api/auth/profile", PERSON, {}),
        ("GET", "/api/auth/bookings", PERSON, {}),
        ("GET", "/api/movies", ANYONE, {}),
        ("POST", "/api/movies", ADMIN, {}),
        ("GET", "/api/movies/{id}", ANYONE, {"id": "{movie}"}),
        ("PUT", "/api/movies/{id}", ADMIN, {"id": "{movie}"}),
        ("DELETE", "/api/movies/{id}", ADMIN, {"id": "{movie}"}),
        ("GET", "/api/shows", ANYONE, {}),
        ("GET", "/api/shows/upcoming/list", ANYONE, {}),
        ("POST", "/api/shows", ADMIN, {}),
        ("GET", "/api/shows/{id}", ANYONE, {"id": "{show}"}),
        ("DELETE", "/api/shows/{id}", ADMIN, {"id": "{show}"}),
        ("POST", "/api/bookings", PERSON, {}),
        ("GET", "/api/bookings/{id}", OWNER_OR_ADMIN, {"id": "{booking}"}),
        ("DELETE", "/api/bookings/{id}", OWNER, {"id": "{booking}"}),
        ("PATCH", "/api/bookings/{id}/confirm", OWNER, {"id": "{booking}"}),
        (
            "GET",
            "/api/bookings/reference/{reference}",
            OWNER_OR_ADMIN,
            {"reference": "{reference}"},
        ),
    ]
}

# Open to all; `password_change/` leads to the page of accounts, which asks to log in.
ADMIN_LOG_IN = {"login/", "logout/", "password_change/"}


def routes() -> Iterator[str]:
    def below(resolver: URLResolver, prefix: str) -> Iterator[str]:
        for pattern in resolver.url_patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from below(pattern, route)
            elif isinstance(pattern, URLPattern):
                yield route

    return below(get_resolver(), "")


def admin_routes() -> list[str]:
    return [route for route in routes() if route.startswith("admin/")]


def test_every_address_has_a_row() -> None:
    api = {path.lstrip("/").replace("{", "<").replace("}", ">") for _, path in API}
    known = PAGES.keys() | BY_TOKEN | FROM_OWN_PAGES | UNKNOWN | api | set(admin_routes())
    assert set(routes()) == known


def test_every_method_of_the_api_has_a_row() -> None:
    paths: dict[str, dict[str, object]] = document()["paths"]
    operations = {
        (method.upper(), path)
        for path, known in paths.items()
        for method in known
        if method not in {"head", "options"}
    }
    assert operations == API.keys()


@dataclass
class People:
    booking: Booking
    customer: User
    superuser: User

    def named(self, caller: str) -> User | None:
        everyone = {
            "owner": self.booking.user,
            "customer": self.customer,
            "superuser": self.superuser,
        }
        return everyone.get(caller)


@pytest.fixture
def people(db: None, settings: Any, tmp_path: Path) -> People:
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "poster.png").write_bytes(b"an image")
    booking = make_booking(make_show(), ["A1"])
    superuser = make_user(is_staff=True, is_superuser=True)
    return People(booking, make_user(), superuser)


def address(example: str, people: People) -> str:
    show = people.booking.show
    return example.format(
        booking=people.booking.pk,
        reference=people.booking.reference,
        show=show.pk,
        movie=show.movie_id,
        slug=show.movie.slug,
    )


def is_let_in(status: int, location: str) -> bool:
    to_log_in = status == 302 and "/login/" in location
    return status not in {401, 403, 404, 405} and not to_log_in


def may_call(row: Row, caller: str, people: People, *, by_token: bool) -> bool:
    client, user = Client(), people.named(caller)
    headers = {}
    if user is not None and by_token:
        headers["Authorization"] = f"Bearer {issue_token(user)}"
    elif user is not None:
        client.force_login(user)
    response = client.generic(
        row.method,
        address(row.example, people),
        row.form,
        content_type="application/x-www-form-urlencoded" if row.form else "",
        headers=headers,
    )
    # Log-in itself answers 401 to wrong credentials, and 400 to the none that are sent here.
    return is_let_in(response.status_code, response.get("Location", ""))


@pytest.mark.parametrize("route", PAGES, ids=lambda route: f"/{route}")
def test_a_page_is_for_those_it_is_for(people: People, route: str) -> None:
    row = PAGES[route]
    let_in = {caller for caller in ANYONE if may_call(row, caller, people, by_token=False)}
    assert let_in == row.who


@pytest.mark.parametrize("call", API, ids=" ".join)
def test_an_endpoint_is_for_those_it_is_for(people: People, call: tuple[str, str]) -> None:
    row = API[call]
    let_in = {caller for caller in ANYONE if may_call(row, caller, people, by_token=True)}
    assert let_in == row.who
    by_cookie = {caller for caller in ANYONE if may_call(row, caller, people, by_token=False)}
    assert by_cookie == (ANYONE if row.who == ANYONE else set()), "a session is no credential"


@pytest.mark.parametrize("caller", ["visitor", "customer"])
def test_the_admin_is_for_staff(people: People, caller: str) -> None:
    client = Client()
    if user := people.named(caller):
        client.force_login(user)
    for route in admin_routes():
        if route.removeprefix("admin/") in ADMIN_LOG_IN:
            continue
        filled = re.sub(r"<(\w+:)?\w+>", "1", route)
        filled = re.sub(r"\^?\(\?P<app_label>(\w+).*", r"\1/", filled)
        filled = re.sub(r"\(\?P<url>.*", "nothing/", filled)
        # Most are pages; what is only a button's target answers 405 to a GET.
        for method in ("GET", "POST"):
            response = client.generic(method, f"/{filled}")
            assert not is_let_in(response.status_code, response.get("Location", "")), filled


@pytest.mark.django_db
def test_what_needs_a_token_of_its_own_is_closed_without_it(client: Client, settings: Any) -> None:
    assert client.get("/shared/forged/").status_code == 404
    assert client.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "what the scraper knows"
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer guess"}).status_code == 401

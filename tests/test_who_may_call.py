"""Checks who may call each URL: exactly the callers that its row names.

A new URL without a row in tests/support/addresses.py fails. Other callers are redirected to the
log-in, or get 401, 403 or 404.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User
from accounts.push.models import Subscription
from accounts.tokens import issue_token
from bookings.models import Booking
from bookings.payments.models import Payment, Refund
from bookings.waiting_list.models import Entry
from bookmyshow.site.api import document
from shows.waiting_room.models import OnSale
from tests.support.addresses import (
    ANYONE,
    API,
    BY_TOKEN,
    FROM_OWN_PAGES,
    OWNER,
    PAGES,
    UNKNOWN,
    Row,
)
from tests.support.factories import hall, make_booking, make_guest, make_show, make_user
from tests.support.guests import be_guest
from tests.support.money import make_order, make_paid_booking, make_payment, make_refund
from tests.support.on_sale import open_sale, pass_of
from tests.support.waiting_list import join, sell_out

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
    #: Taken at the counter for another booking, and to be handed back.
    refund: Refund
    customer: User
    superuser: User
    #: A browser that the booking's owner is told things on.
    push: Subscription

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
    make_payment(make_order(booking, state="PAID"), "CAPTURED")
    superuser = make_user(is_staff=True, is_superuser=True)
    paid = make_paid_booking(booking.show, ["B1"])
    payment = Payment.objects.get(order__booking=paid)
    refund = make_refund(payment, payment.captured, state=Refund.State.MANUAL, next_try_at=None)
    other = make_show(hall(1, 1))
    sell_out(other)
    join(other, user=booking.user)
    pass_of(open_sale(make_show()), booking.user)
    push = Subscription.objects.create(
        user=booking.user, device="0" * 64, hold=True, show=True, moved=True
    )
    return People(booking, refund, make_user(), superuser, push)


def address(example: str, people: People) -> str:
    show = people.booking.show
    return example.format(
        booking=people.booking.pk,
        reference=people.booking.reference,
        show=show.pk,
        movie=show.movie_id,
        slug=show.movie.slug,
        payment=people.refund.payment.uuid,
        refund=people.refund.uuid,
        entry=Entry.objects.get().pk,
        sale=OnSale.objects.get().pk,
        owner=people.booking.user_id,
        push=people.push.pk,
    )


def is_let_in(status: int, location: str) -> bool:
    to_log_in = status == 302 and "/login/" in location
    return status not in {401, 403, 404, 405} and not to_log_in


def may_call(row: Row, caller: str, people: People, *, by_token: bool) -> bool:
    client, user = Client(), people.named(caller)
    headers = {}
    if caller == "guest" and not by_token:
        be_guest(client, make_guest())
    if user is not None and by_token:
        headers["Authorization"] = f"Bearer {issue_token(user)}"
    elif user is not None:
        client.force_login(user)
    response = client.generic(
        row.method,
        address(row.example, people),
        address(row.form, people),
        content_type="application/x-www-form-urlencoded" if row.form else "",
        headers=headers,
    )
    # The log-in answers 401 to wrong credentials, and 400 here, where none are sent.
    return is_let_in(response.status_code, response.get("Location", ""))


@pytest.mark.parametrize("route", PAGES, ids=lambda route: f"/{route}")
def test_a_page_lets_in_only_the_callers_of_its_row(people: People, route: str) -> None:
    row = PAGES[route]
    let_in = {caller for caller in ANYONE if may_call(row, caller, people, by_token=False)}
    assert let_in == row.who


@pytest.mark.parametrize(
    "route",
    [route for route, row in PAGES.items() if row.who == OWNER and "{reference}" in row.example],
    ids=lambda route: f"/{route}",
)
def test_every_page_of_a_booking_lets_in_the_guest_who_made_it(people: People, route: str) -> None:
    guest, client, row = make_guest(), Client(), PAGES[route]
    be_guest(client, guest)
    booking = make_booking(make_show(), ["C1"], user=guest)
    make_payment(make_order(booking, state="PAID"), "CAPTURED")
    filled = address(row.example, replace(people, booking=booking))
    response = client.generic(row.method, filled)
    assert is_let_in(response.status_code, response.get("Location", ""))


@pytest.mark.parametrize("call", API, ids=" ".join)
def test_an_endpoint_lets_in_only_the_callers_of_its_row(
    people: People, call: tuple[str, str]
) -> None:
    row = API[call]
    let_in = {caller for caller in ANYONE if may_call(row, caller, people, by_token=True)}
    assert let_in == row.who
    by_cookie = {caller for caller in ANYONE if may_call(row, caller, people, by_token=False)}
    assert by_cookie == (ANYONE if row.who == ANYONE else set()), "a session is not accepted"


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
        # Most are pages; URLs that only take a POST answer 405 to a GET.
        for method in ("GET", "POST"):
            response = client.generic(method, f"/{filled}")
            assert not is_let_in(response.status_code, response.get("Location", "")), filled


@pytest.mark.django_db
def test_pages_with_their_own_token_are_closed_without_it(client: Client, settings: Any) -> None:
    assert client.get("/shared/forged/").status_code == 404
    assert client.get(f"/bookings/BMV{'0' * 12}/payments/{uuid4()}/return").status_code == 404
    assert client.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "what the scraper knows"
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer guess"}).status_code == 401

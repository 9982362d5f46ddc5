"""One test for each kind of attack. Other test files cover more attacks.

Forged tokens: tests/contract/test_account_endpoints.py. Session fixation, a reset link used twice,
open redirects: accounts/login/tests/test_login.py. Other people's bookings and every role on every
address: tests/test_who_may_call.py, accounts/staff/tests/test_roles.py. CORS:
tests/contract/test_http_semantics.py. Formulas in CSV:
bookmyshow/core/staff/tests/test_csv_export.py. Odd text in every filter and address:
tests/test_odd_addresses.py. Uploads: movies/posters/tests/test_uploads.py. Made-up tickets and
races at the door: bookings/door/tests/test_door.py. Forged links of guests, links in a Referer,
tickets of other guests: bookings/guests/tests/.
"""

import socket
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from bookings.models import Booking
from tests.support.addresses import PAGES
from tests.support.api_client import Api, ApiInProcess
from tests.support.deployed_site import DeployedSite
from tests.support.factories import (
    make_booking,
    make_cinema,
    make_movie,
    make_screen,
    make_show,
    make_user,
)
from tests.support.on_sale import make_sale

SCRIPT = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>"
RIGHTS = {
    "is_staff": True,
    "isStaff": True,
    "is_superuser": True,
    "isSuperuser": True,
    "role": "admin",
    "groups": [1],
    "tokenVersion": 99,
    "token_version": 99,
    "id": 1,
    "pk": 1,
}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [row.example for row in PAGES.values() if row.method == "POST"]
    + ["/accounts/login/", "/accounts/profile/", "/accounts/two-factor/", "/door/{show}/"],
)
def test_no_form_is_taken_from_another_site(address: str) -> None:
    """A browser sends the cookies with the form of another site, which can't know the CSRF
    token."""
    staff = make_user(is_superuser=True)
    booking = make_booking(make_show(), ["A1"], user=staff)
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff)
    filled = address.format(
        show=booking.show_id,
        reference=booking.reference,
        payment=uuid4(),
        refund=uuid4(),
        entry=1,
        push=1,
        sale=1,
    )
    assert client.post(filled, {"ticket": booking.reference}).status_code == 403
    booking.refresh_from_db()
    assert booking.status == Booking.Status.CONFIRMED


@pytest.mark.django_db
def test_markup_in_what_people_and_staff_write_is_text_on_every_page() -> None:
    staff = make_user(name=SCRIPT, is_superuser=True)
    cinema = make_cinema(name=SCRIPT[:80], city="<script>", slug="cinema")
    movie = make_movie(SCRIPT, slug="film", description=SCRIPT, cast=[SCRIPT], language=SCRIPT[:30])
    show = make_show(movie=movie, screen=make_screen(cinema=cinema, name="<script>1"))
    booking = make_booking(show, ["A1"], user=staff)
    other_show = make_show(movie=movie, screen=make_screen(cinema=cinema, name="<script>2"))
    sale = make_sale(other_show)
    client = Client()
    client.force_login(staff)
    lists = ["movies/movie", "shows/show", "shows/cinema", "bookings/booking", "accounts/user"]
    addresses = [row.example for row in PAGES.values() if row.method == "GET"]
    addresses += [f"/admin/{name}/" for name in lists]
    addresses += ["/admin/", "/admin/dashboard/", "/admin/shows/show/day/", "/?q=<script>alert(1)"]
    for address in addresses:
        filled = address.format(
            slug=movie.slug,
            show=show.pk,
            reference=booking.reference,
            movie=movie.pk,
            sale=sale.pk,
        )
        answer = client.get(filled)
        if not answer.get("Content-Type", "").startswith("text/html"):
            continue
        page = b"".join(answer) if answer.streaming else answer.content
        for raw in (b"<script>alert", b"<script>1", b"<img src=x", b"\"'><"):
            assert raw not in page, filled


@pytest.mark.django_db
@pytest.mark.parametrize("more", RIGHTS, ids=str)
def test_nobody_gives_themselves_rights_through_the_api(quick_api: ApiInProcess, more: str) -> None:
    person = {"name": "Asha", "email": "asha@example.com", "password": "velvet-curtain-7"}
    user, extra = make_user(), {more: RIGHTS[more]}
    quick_api.post("auth/signup", person | extra)
    quick_api.call("PUT", "auth/profile", {"name": "Ravi"} | extra, by=user)
    for one in User.objects.all():
        assert (one.is_staff, one.is_superuser, one.role) == (False, False, "user")
        assert not one.groups.exists()
    assert User.objects.get(pk=user.pk).token_version == user.token_version


@pytest.mark.django_db
def test_a_key_of_one_person_says_nothing_of_another(quick_api: ApiInProcess) -> None:
    show, key = make_show(), {"Idempotency-Key": "the-same-key"}
    one, other = make_user(), make_user()

    def hold(by: User, seat: str) -> tuple[int, str]:
        body = {"showId": show.pk, "seats": [{"seatNumber": seat}]}
        reply = quick_api.post("bookings", body, by=by, **key)
        assert reply.status == 201
        return Booking.objects.get(pk=reply.data["id"]).user_id, reply.data["bookingReference"]

    first, second = hold(one, "A1"), hold(other, "B1")
    assert (first[0], second[0]) == (one.pk, other.pk)
    assert first[1] != second[1]


@pytest.mark.django_db
def test_headers_of_a_proxy_are_not_believed_from_anybody(
    client: Client, settings: Settings
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    forged = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Port": "444",
        "Forwarded": "host=evil.example;proto=https",
    }
    answer = client.get("/accounts/login/", headers=forged)
    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/accounts/login/")
    page = client.get("/", headers=forged, secure=True).content.decode()
    assert "evil.example" not in page
    assert ":444" not in page


@pytest.mark.parametrize("header", ["SCRIPT_NAME: //evil.example", "PATH_INFO: //evil.example/"])
def test_a_visitors_header_moves_neither_page_nor_links(
    deployed_site: DeployedSite, header: str
) -> None:
    site = urlsplit(deployed_site.url)
    with socket.create_connection((site.hostname, site.port), timeout=60) as connection:
        head = f"GET //evil.example/ HTTP/1.1\r\nHost: localhost\r\n{header}\r\n"
        connection.sendall(f"{head}Connection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 404")
    assert b"//evil.example" not in answer


def test_a_request_of_two_lengths_is_not_read_as_two(deployed_site: DeployedSite, api: Api) -> None:
    """Request smuggling: two servers could disagree where the body ends and the next request
    begins."""
    inner = b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    heads = [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        b"Content-Length: 4\r\nContent-Length: 90\r\n",
        b"Content-Length: 4, 90\r\n",
        b"Content-Length: +4\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Transfer-Encoding: identity, chunked, identity\r\n",
    ]
    site = urlsplit(deployed_site.url)
    for head in heads:
        with socket.create_connection((site.hostname, site.port), timeout=60) as connection:
            request = b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\n" + head + b"\r\n"
            connection.sendall(request + b"0\r\n\r\n" + inner)
            connection.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: connection.recv(65_536), b""))
        assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 501")), (head, answer[:60])
        assert answer.count(b"HTTP/1.1 ") == 1, head

from typing import Any
from unittest.mock import patch

import pytest
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import OperationalError, connection
from django.test import Client
from psycopg.errors import LockNotAvailable

from tests.support.api_client import ApiInProcess
from tests.support.factories import make_show, make_user

FAULTS = [
    (BadRequest(), 400, "Invalid request. Please try again."),
    (PermissionDenied(), 403, "That door stays shut."),
    (RuntimeError("broken"), 500, "Server error. Please try again later."),
]


@pytest.mark.django_db
def test_an_unknown_address_gets_the_sites_404_page(client: Client) -> None:
    response = client.get("/nowhere/")
    assert response.status_code == 404
    assert "Page not found." in response.content.decode()
    assert "See films" in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(("error", "status", "words"), FAULTS)
def test_every_error_has_a_page(client: Client, error: Exception, status: int, words: str) -> None:
    client.raise_request_exception = False
    with patch("bookmyshow.site.well_known_files.reverse", side_effect=error):
        response = client.get("/robots.txt")
    assert response.status_code == status
    assert words in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/waiting-room/1/enter/", "/waiting-room/1/"),
        ("/shows/1/hold/", "/shows/1/"),
        ("/shows/1/waiting/join/", "/shows/1/"),
        ("/bookings/BMV000000000000/confirm/", "/bookings/BMV000000000000/"),
        ("/accounts/profile/log-out-others/", "/accounts/profile/"),
        ("/accounts/logout/", "/"),
    ],
)
def test_an_address_behind_a_button_leads_to_its_page(client: Client, path: str, page: str) -> None:
    client.force_login(make_user())
    response = client.get(path, headers={"Accept": "text/html"})
    assert (response.status_code, response["Allow"][:4]) == (405, "POST")
    assert f'<a class="button button--primary" href="{page}">' in response.content.decode()
    assert client.get(path).content == b"", "for programs"


def test_a_server_error_needs_no_database_and_keeps_the_theme(client: Client) -> None:
    client.raise_request_exception = False
    client.cookies["theme"] = "light"
    with patch("bookmyshow.site.well_known_files.reverse", side_effect=RuntimeError):
        page = client.get("/robots.txt").content.decode()
    assert 'data-theme="light"' in page


def gone(*_arguments: Any) -> Any:
    raise OperationalError("connection refused by 10.1.2.3")


def locked(*_arguments: Any) -> Any:
    raise OperationalError from LockNotAvailable()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "path", "fault", "words"),
    [
        ("get", "/bookings/", gone, "Nothing was changed"),
        ("get", "/shows/1/", gone, "Nothing was changed"),
        ("get", "/admin/", gone, "Nothing was changed"),
        ("post", "/shows/1/hold/", gone, "whether your seats are held. Look at your bookings"),
        (
            "post",
            "/bookings/BMV000000000000/cancel/",
            gone,
            "whether your booking is cancelled. Look",
        ),
        ("post", "/bookings/BMV000000000000/cancel/", locked, "Nothing was changed"),
        ("post", "/accounts/profile/", gone, "whether what you sent was saved. Look at the page"),
    ],
)
def test_without_the_database_the_page_says_whether_something_was_changed(
    client: Client, method: str, path: str, fault: Any, words: str
) -> None:
    client.force_login(make_user(is_superuser=True, is_staff=True))
    client.raise_request_exception = False
    with connection.execute_wrapper(fault):
        response = getattr(client, method)(path, {"seat": "A1", "name": "Asha"})
    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    page = response.content.decode()
    assert words in page
    assert "10.1.2.3" not in page
    assert f'href="{path}?seat=A1&amp;name=Asha">Try again' in page or method == "post"


@pytest.mark.django_db
def test_the_api_says_that_a_change_may_have_been_made(client: Client) -> None:
    api, user, show = ApiInProcess(client), make_user(), make_show()
    body = {"showId": show.pk, "seats": [{"seatNumber": "A1"}]}
    with patch("bookings.services.hold_seats", side_effect=OperationalError("10.1.2.3")):
        reply = api.post("bookings", body, by=user)
    assert reply.problem == (503, "SERVICE_UNAVAILABLE")
    assert "it isn't known whether this was done" in reply.json["error"]["message"]


@pytest.mark.django_db
def test_a_form_without_a_csrf_token_gets_a_friendly_403() -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/accounts/login/", {"username": "a@example.com", "password": "x"})
    assert response.status_code == 403
    assert "This page waited too long." in response.content.decode()

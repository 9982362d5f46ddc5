from unittest.mock import patch

import pytest
from django.core.exceptions import BadRequest, PermissionDenied
from django.test import Client

FAULTS = [
    (BadRequest(), 400, "Invalid request. Please try again."),
    (PermissionDenied(), 403, "That door stays shut."),
    (RuntimeError("broken"), 500, "Server error. Please try again later."),
]


@pytest.mark.django_db
def test_an_unknown_address_is_not_found_in_the_houses_voice(client: Client) -> None:
    response = client.get("/nowhere/")
    assert response.status_code == 404
    assert "Resource not found." in response.content.decode()
    assert "See what’s on" in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(("error", "status", "words"), FAULTS)
def test_every_error_has_a_page_of_ours(
    client: Client, error: Exception, status: int, words: str
) -> None:
    client.raise_request_exception = False
    with patch("bookmyshow.site_files.reverse", side_effect=error):
        response = client.get("/robots.txt")
    assert response.status_code == status
    assert words in response.content.decode()


def test_a_server_error_needs_no_database_and_keeps_the_theme(client: Client) -> None:
    client.raise_request_exception = False
    client.cookies["theme"] = "light"
    with patch("bookmyshow.site_files.reverse", side_effect=RuntimeError):
        page = client.get("/robots.txt").content.decode()
    assert 'data-theme="light"' in page


@pytest.mark.django_db
def test_a_form_that_is_not_from_our_pages_is_refused_kindly() -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/accounts/login/", {"username": "a@example.com", "password": "x"})
    assert response.status_code == 403
    assert "This page waited too long." in response.content.decode()

"""The unchanged poll, which is answered before the rest of the middleware."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bookings import services
from shows import seatmap
from shows.models import Show
from tests.factories import make_show, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def show() -> Show:
    return make_show()


def poll(client: Client, show: Show, version: str | None = None, **more: Any) -> Any:
    shown = seatmap.current_map(show.pk).version if version is None else version
    return client.get(reverse("shows:seats", args=[show.pk]), {"v": shown}, **more)


def taught(client: Client, show: Show) -> None:
    """The first answer is the view's, and teaches the middleware its headers."""
    assert poll(client, show).status_code == 204


def test_the_early_answer_is_the_views_to_the_last_header(client: Client, show: Show) -> None:
    first, second = poll(client, show), poll(client, show)
    assert (first.status_code, second.status_code) == (204, 204)
    assert first.resolver_match is not second.resolver_match
    own = {"X-Request-ID"}
    assert {k: v for k, v in first.items() if k not in own} == {
        k: v for k, v in second.items() if k not in own
    }
    assert first["X-Request-ID"] != second["X-Request-ID"]
    assert second["X-Content-Type-Options"] == "nosniff"
    assert "Content-Security-Policy" in second
    assert second.content == b""


def test_it_reads_neither_session_nor_database(client: Client, show: Show) -> None:
    client.force_login(make_user())
    taught(client, show)
    version = seatmap.current_map(show.pk).version
    with CaptureQueriesContext(connection) as queries:
        response = poll(client, show, version)
    assert (response.status_code, len(queries)) == (204, 0)
    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")


def test_a_changed_map_is_drawn(client: Client, show: Show) -> None:
    taught(client, show)
    version = seatmap.current_map(show.pk).version
    services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1"])
    assert poll(client, show, version).status_code == 200


@pytest.mark.parametrize("version", ["", "0" * 20, "final-" + "0" * 20, "v=", "%00"])
def test_any_other_version_gets_the_map(client: Client, show: Show, version: str) -> None:
    taught(client, show)
    assert poll(client, show, version).status_code == 200


def test_a_host_that_is_not_ours_is_refused(client: Client, show: Show) -> None:
    taught(client, show)
    assert poll(client, show, HTTP_HOST="evil.example").status_code == 400


def test_a_plain_http_poll_is_sent_to_https(
    client: Client, show: Show, settings: Any, rebuilt: Callable[[], None]
) -> None:
    taught(client, show)
    settings.SECURE_SSL_REDIRECT = True
    rebuilt()
    assert poll(client, show).status_code == 301


@pytest.fixture
def rebuilt(client: Client) -> Callable[[], None]:
    """Has the middleware read the settings again."""
    return client.handler.load_middleware

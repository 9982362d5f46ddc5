"""Polls of an unchanged seat map are answered without Django."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bookings import services
from bookmyshow.serving.unchanged_poll import UnchangedPolls
from bookmyshow.wsgi import django_application
from shows.models import Show
from shows.seatmap import current as seatmap
from tests.support.factories import make_show, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Polling:
    """Sends polls as gunicorn does, and counts those that reach Django."""

    def __init__(self) -> None:
        self.reached_django = 0
        self._application = UnchangedPolls(self._django)

    def __call__(self, show: Show, version: str | None = None, **environ: Any) -> Answer:
        shown = seatmap.current_map(show.pk).version if version is None else version
        path = reverse("shows:seats", args=[show.pk])
        request = RequestFactory(HTTP_HOST="testserver").get(path, {"v": shown})
        started: list[Any] = []
        body = self._application(request.environ | environ, lambda *start: started.append(start))
        ((status, headers, *_),) = started
        return Answer(int(status.split()[0]), dict(headers), b"".join(body))

    def _django(self, environ: Any, start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.reached_django += 1
        return django_application(environ, start_response)


@pytest.fixture(autouse=True)
def long_pointer_lifetime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the current version in the cache longer than a test takes on a busy machine."""
    monkeypatch.setattr(seatmap, "POINTER_SECONDS", 600.0)


@pytest.fixture
def show() -> Show:
    return make_show()


@pytest.fixture
def poll(show: Show) -> Polling:
    """A `Polling` that has remembered the headers of the view's first answer."""
    polling = Polling()
    assert polling(show).status == 204
    assert polling.reached_django == 1
    return polling


def test_the_early_answer_has_the_same_headers_as_the_views_answer(show: Show) -> None:
    polling = Polling()
    first, second = polling(show), polling(show)
    assert (first.status, second.status, polling.reached_django) == (204, 204, 1)
    ids = [answer.headers.pop("X-Request-ID") for answer in (first, second)]
    assert first.headers == second.headers
    assert ids[0] != ids[1]
    assert second.headers["X-Content-Type-Options"] == "nosniff"
    assert "Content-Security-Policy" in second.headers
    assert "Set-Cookie" not in second.headers
    assert "Cookie" not in second.headers.get("Vary", "")
    assert second.body == b""


def test_the_id_that_a_proxy_gave_is_kept(poll: Polling, show: Show) -> None:
    assert poll(show, HTTP_X_REQUEST_ID="from-proxy-1").headers["X-Request-ID"] == "from-proxy-1"
    assert poll(show, HTTP_X_REQUEST_ID="no id!").headers["X-Request-ID"] != "no id!"
    assert poll.reached_django == 1


def test_it_reads_neither_session_nor_database(poll: Polling, show: Show) -> None:
    version = seatmap.current_map(show.pk).version
    with CaptureQueriesContext(connection) as queries:
        answer = poll(show, version, HTTP_COOKIE="sessionid=whatever")
    assert (answer.status, len(queries), poll.reached_django) == (204, 0, 1)


def test_a_changed_map_is_drawn(poll: Polling, show: Show) -> None:
    version = seatmap.current_map(show.pk).version
    services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1"])
    answer = poll(show, version)
    assert answer.status == 200
    assert b"A1" in answer.body


@pytest.mark.parametrize("version", ["", "0" * 20, "final-" + "0" * 20, "v=", "%00"])
def test_any_other_version_gets_the_map(poll: Polling, show: Show, version: str) -> None:
    assert poll(show, version).status == 200


@pytest.mark.parametrize("more", ["&v=", "&v=00000000000000000000", "&x=1&v=none"])
def test_if_the_version_is_given_twice_the_last_one_counts(
    poll: Polling, show: Show, more: str
) -> None:
    version = seatmap.current_map(show.pk).version
    assert poll(show, version, QUERY_STRING=f"v={version}{more}").status == 200
    assert poll(show, version, QUERY_STRING=f"v=none&v={version}&x=v").status == 204
    assert poll.reached_django == 2


def test_a_host_that_is_not_allowed_is_refused(poll: Polling, show: Show) -> None:
    assert poll(show, HTTP_HOST="evil.example").status == 400


def test_with_https_on_django_answers_polls_over_plain_http(
    poll: Polling, show: Show, settings: Any
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    poll(show)
    assert poll.reached_django == 2
    secure = {"wsgi.url_scheme": "https"}
    assert poll(show, **secure).status == 204
    assert poll.reached_django == 2


def test_a_post_is_not_a_poll(poll: Polling, show: Show) -> None:
    poll(show, REQUEST_METHOD="POST")
    assert poll.reached_django == 2

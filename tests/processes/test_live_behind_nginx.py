"""The live seat map through nginx, with the files of ops/nginx."""

import json
import ssl
import urllib.request
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from shows.seatmap import current as seatmap
from tests.support.deployed_site import free_port
from tests.support.factories import make_booking, make_show
from tests.support.live_process import LiveProcess, pushing
from tests.support.nginx import nginx

#: Only against a hang.
PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def live(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[LiveProcess]:
    with django_db_blocker.unblock(), pushing(tmp_path_factory.mktemp("live")) as process:
        yield process


def next_change(stream: HTTPResponse) -> dict[str, object]:
    """The data of the next event that has any."""
    for line in stream:
        if line.startswith(b"data: {"):
            found: dict[str, object] = json.loads(line.removeprefix(b"data: "))
            return found
    raise AssertionError("the stream ended")


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize("name", ["compose.conf", "bookmyshow.conf"])
def test_changes_pass_nginx_while_the_stream_stays_open(
    live: LiveProcess, tmp_path: Path, name: str
) -> None:
    show = make_show()
    shown = seatmap.read(show.pk).version
    unverified = ssl.create_default_context()
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    with nginx(name, tmp_path, upstream=free_port(), live=live.port) as url:
        address = f"{url}/live/shows/{show.pk}/seats/?v={shown}"
        with urllib.request.urlopen(
            address, timeout=PATIENCE_SECONDS, context=unverified
        ) as stream:
            assert stream.headers["Content-Type"] == "text/event-stream"
            make_booking(show, ["A1"])
            change = next_change(stream)
            assert change["from"] == shown
            make_booking(show, ["A2"])
            now = seatmap.read(show.pk).version
            while change["v"] != now:
                change = next_change(stream)

"""Slow clients (bench/slow_clients.py) against nginx as docs/deploy.md and compose.yaml have it."""

import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from bench import slow_clients
from bench.slow_clients import ATTACKS, allow_many_sockets, attacking, is_answered
from tests.faults.site import Program
from tests.support.nginx import nginx

# A busy machine may be slow to answer; a silenced site never answers.
PATIENCE_SECONDS = 120.0
SILENCE_SECONDS = 5.0


@pytest.fixture(scope="module", params=["bookmyshow.conf", "compose.conf"])
def front(
    site: Program, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[slow_clients.Site]:
    port = urlsplit(site.url).port
    assert port is not None
    with nginx(request.param, tmp_path_factory.mktemp("nginx"), upstream=port) as url:
        front = slow_clients.Site.at(url)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_answered(front, PATIENCE_SECONDS):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield front


@pytest.mark.parametrize("name", ATTACKS)
def test_behind_nginx_no_slow_client_keeps_another_waiting(
    front: slow_clients.Site, name: str
) -> None:
    allow_many_sockets()
    attack, connections = ATTACKS[name]
    with attacking(front, attack, connections):
        assert [is_answered(front, PATIENCE_SECONDS) for _ in range(10)] == [True] * 10


def test_without_nginx_a_few_slow_clients_keep_everybody_waiting(site: Program) -> None:
    """The control, which shows why docs/deploy.md requires nginx."""
    direct = slow_clients.Site.at(site.url)
    attack, connections = ATTACKS["half requests"]
    with attacking(direct, attack, connections):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while is_answered(direct, SILENCE_SECONDS):
            assert time.monotonic() < deadline

"""REDIS_URL names sentinels: cache, limits, tasks and messages follow the primary."""

import asyncio
import copy
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from celery import Celery
from django.conf import settings as project_settings
from django.core.cache import cache, caches
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.strategies import RateLimiter
from pytest_django import Settings
from redis.sentinel import MasterNotFoundError

import bookmyshow.celery  # noqa: F401  registers the transports
from bookmyshow.core import rate_limits
from bookmyshow.core.redis_addresses import read_sentinels
from bookmyshow.core.redis_clients import celery_broker, short_lived_client, subscribing_client
from bookmyshow.core.redis_sentinels import Address, Sentinels
from tests.support.sentinels import Trio, trio

LONGEST_WAIT = 120.0


@pytest.fixture
def sentinels(tmp_path: Path, settings: Settings) -> Iterator[Trio]:
    """The servers of the site's cache."""
    with trio(tmp_path) as running:
        found = copy.deepcopy(project_settings.CACHES)
        found["default"]["LOCATION"] = running.url
        settings.CACHES = found
        yield running


def wait_until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + LONGEST_WAIT
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_in_use() -> bool:
    cache.set("new", "well", 60)
    return bool(cache.get("new") == "well")


def test_after_a_failover_all_go_on_with_the_new_primary(sentinels: Trio) -> None:
    """It has not got the last deletion, as if the former primary had died too soon."""
    key = str(caches["default"].client.make_key("ended session"))  # type: ignore[attr-defined]
    cache.set("ended session", "of a thief", 300)
    with short_lived_client(sentinels.url, seconds=5) as client:
        stored = client.get(key)
    assert isinstance(stored, bytes)
    cache.delete("ended session")
    limiter, twice = rate_limits._shared(sentinels.url), parse("2/minute")
    assert limiter.hit(twice, "before")
    with tasks(sentinels.url) as send:
        send()
        sentinels.lose_primary()
        with short_lived_client(sentinels.url, seconds=5) as client:
            client.set(key, stored)
            before = cast("int", client.llen("probe"))
            send()
            assert client.llen("probe") == before + 1
    assert cache.get("ended session") is None
    wait_until(is_in_use)
    assert cache.get("ended session") is None
    wait_until(lambda: counts(limiter, twice))
    assert limiter.hit(twice, "after")
    assert not limiter.hit(twice, "after")
    # In a thread of its own: this one may have the event loop of the browser tests.
    with ThreadPoolExecutor(1) as thread:
        found = thread.submit(asyncio.run, heard(sentinels.url)).result()
    assert found == b"of the new primary"
    assert_a_lost_one_is_asked_last(sentinels)


def assert_a_lost_one_is_asked_last(sentinels: Trio) -> None:
    found = read_sentinels(sentinels.url)
    assert found is not None
    with Sentinels(found.hosts) as asked:
        first = asked.order[0]
        sentinels.sentinels[first[1]].kill()
        sentinels.sentinels[first[1]].wait()
        # The others may hear of the failover some seconds later.
        wait_until(lambda: primary(asked, found.name) == ("127.0.0.1", sentinels.primary()))
    # All connections of the process know it.
    with Sentinels(found.hosts) as others:
        assert others.order[-1] == first


def primary(asked: Sentinels, name: str) -> Address | None:
    try:
        return asked.discover_master(name)
    except MasterNotFoundError:
        return None


@contextmanager
def tasks(url: str) -> Iterator[Callable[[], object]]:
    """A function that queues a task through one connection, as Celery does."""
    with Celery(set_as_current=False) as celery:
        celery.conf.broker_url, celery.conf.broker_transport_options = celery_broker(url)
        yield lambda: celery.send_task("a.task", queue="probe")


def counts(limiter: RateLimiter, limit: RateLimitItem) -> bool:
    try:
        return limiter.hit(limit, "after")
    except StorageError:
        return False


async def heard(url: str) -> Any:
    """The data of a message that is published and heard through two clients."""
    async with (
        asyncio.timeout(LONGEST_WAIT),
        subscribing_client(url) as listener,
        subscribing_client(url) as speaker,
        listener.pubsub(ignore_subscribe_messages=True) as channel,
    ):
        await channel.subscribe("probe")
        message = None
        while message is None:
            # The subscription may arrive after the first message.
            await speaker.publish("probe", "of the new primary")
            message = await channel.get_message(timeout=0.1)
        return message["data"]


@pytest.mark.parametrize(
    ("url", "broker", "options"),
    [
        ("redis://:pw@cache:6379/2", "redis://:pw@cache:6379/2", {}),
        (
            "redis+sentinel://app:p%40w@s1,[::1]:26380/tickets/2?sentinel_password=own",
            "sentinel://app:p%40w@s1:26379/2",
            {
                "master_name": "tickets",
                "sentinels": [("s1", 26379), ("::1", 26380)],
                "password": "own",
            },
        ),
    ],
)
def test_the_address_of_the_broker(url: str, broker: str, options: dict[str, Any]) -> None:
    address, found = celery_broker(url)
    assert address == broker
    assert found.get("master_name") == options.get("master_name")
    assert found.get("sentinels") == options.get("sentinels")
    assert found.get("sentinel_kwargs", {}).get("password") == options.get("password")

"""The settings of the test run that differ from production, with the reasons.

All other settings are those of production. A test of a changed setting sets it again with
pytest-django's ``settings`` fixture. PostgreSQL and Valkey are real: `make test` and
``python -m bookmyshow.embedded pytest`` start them.
"""

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from django.conf import settings
from django.db import connection

from bookmyshow.core import rate_limits
from tests.support.citus import divide_tables
from tests.support.emptying import empty_quickly, remember_what_migrate_wrote
from tests.support.parallel import (
    FilesInOrder,
    give_servers_time,
    long_files_first,
    redis_database,
)

# Fixtures for all tests.
pytest_plugins = [
    "tests.support.servers",
    "tests.support.sandbox",
    "tests.support.push_service",
    "tests.support.not_run",
]
PATIENCE_SECONDS = 60
# Of the database. A wait for a lock ends first, because its error is the one that tests look for.
DATABASE_PATIENCE = {
    "lock_timeout": "240s",
    "statement_timeout": "300s",
    "idle_in_transaction_session_timeout": "300s",
}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FilesInOrder:
    """Divide the tests between the processes of `make test`."""
    config.option.loadscopereorder = False
    return FilesInOrder(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give tests of many processes more time. Run the long files first, if pytest-xdist runs
    several processes."""
    give_servers_time(items)
    if hasattr(config, "workerinput"):
        long_files_first(items)


def redis_url_for_tests() -> str:
    """Return REDIS_URL with this process's own database number. Each test empties that database."""
    url = urlsplit(settings.REDIS_URL)
    if url.scheme == "unix":
        return url._replace(query=f"db={redis_database()}").geturl()
    return url._replace(path=f"/{redis_database()}").geturl()


def pytest_configure() -> None:
    """Change the settings before any of them is used."""
    # Playwright runs an event loop in the tests' thread. Without this Django's database calls would
    # raise SynchronousOnlyOperation.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    # Tests empty this database. A site that runs in this checkout keeps its cache and its queue.
    settings.REDIS_URL = settings.CELERY_BROKER_URL = redis_url_for_tests()
    settings.CACHES["default"]["LOCATION"] = settings.REDIS_URL
    # Django's test client sends plain HTTP.
    settings.SECURE_SSL_REDIRECT = False
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "sessionid", "csrftoken"
    # Tests of races use more threads than a web worker has, each with its own connection.
    settings.DATABASES["default"]["OPTIONS"].pop("pool", None)
    lengthen_timeouts()
    # With this backend, templates render without `collectstatic`.
    backend = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES["staticfiles"]["BACKEND"] = backend
    # Tests send more requests per second than a person may. Tests of the rate limits turn them on.
    settings.RATE_LIMITS = False
    # The limits against hoarding are off for the same reason, and all tests have one address.
    settings.MAX_SEATS_PER_SHOW = settings.MAX_HOLDS = settings.MAX_SEATS_UNCONFIRMED = 100_000
    settings.MAX_HELD_SEATS_PER_ADDRESS = 100_000
    settings.HOLD_PAUSE = timedelta(0)
    # Tasks run at once in the test's process, because no worker runs for the tests.
    settings.CELERY_TASK_ALWAYS_EAGER = True
    # Nothing is paid online. Tests of payments use the fixture `sandbox` (tests.support.sandbox).
    settings.PAYMENTS = ""
    # bcrypt is slow by design. Tests of bcrypt set it again.
    settings.PASSWORD_HASHERS = ["tests.support.hashers.QuickHasher", *settings.PASSWORD_HASHERS]
    empty_quickly()


def lengthen_timeouts() -> None:
    """Lengthen timeouts that a busy machine could reach. A test of a timeout sets it itself.

    After a timeout of the cache, the site continues without the cache, and a test would not find
    the values that it stored there. Attempts are not limited then. In tests of races, more threads
    wait for one lock than in a web worker, so they wait longer.
    """
    cache: dict[str, Any] = settings.CACHES["default"]["OPTIONS"]
    cache |= {"SOCKET_CONNECT_TIMEOUT": PATIENCE_SECONDS, "SOCKET_TIMEOUT": PATIENCE_SECONDS}
    rate_limits.SOCKET_SECONDS = PATIENCE_SECONDS
    database = settings.DATABASES["default"]["OPTIONS"]
    # In tests of races two hundred threads connect at once.
    database["connect_timeout"] = PATIENCE_SECONDS
    if "options" in database:
        for limit, patience in DATABASE_PATIENCE.items():
            database["options"] += f" -c {limit}={patience}"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Without the triggers that fill in the show for the release before (migration bookings 0017).

    So code that forgets the show of a row fails here. On Citus the tables are divided by show.
    """
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT 'DROP TRIGGER fill_show_id ON ' || tgrelid::regclass FROM pg_trigger"
            " WHERE tgname = 'fill_show_id'"
        )
        for (drop,) in cursor.fetchall():
            cursor.execute(drop)
        if settings.CITUS:
            divide_tables()
        remember_what_migrate_wrote()


@pytest.fixture(scope="session")
def redis_of_tests() -> Iterator[redis.Redis]:
    """A client of the tests' Redis database, even if a test changes REDIS_URL."""
    with redis.Redis.from_url(redis_url_for_tests()) as client:
        yield client


@pytest.fixture(autouse=True)
def empty_redis(redis_of_tests: redis.Redis) -> None:
    """Empty the tests' Redis database before each test: cache, rate limits and queued tasks.

    A rollback of the database transaction does not remove them.
    """
    redis_of_tests.flushdb()


@pytest.fixture(autouse=True)
def forget_attempts() -> None:
    """Forget what rate limits keep in this process's memory: that Redis was away in an earlier
    test, and the attempts that were counted meanwhile."""
    rate_limits._outage = rate_limits._Outage()
    rate_limits._own.cache_clear()


@pytest.fixture(autouse=True)
def tasks_run_here() -> None:
    """Run tasks in this process, whatever an earlier test of this process set.

    A test that wants a broker or workers changes this afterwards. A test that makes another Celery
    application gives it ``set_as_current=False``. Otherwise the site's tasks would belong to that
    one, and go to its broker.
    """
    # Imported here, because Celery reads the settings, which pytest_configure changes first.
    from celery import current_app

    from bookmyshow.celery import app

    assert current_app == app, "an earlier test made another Celery application the current one"
    app.conf.task_always_eager = True

"""The settings of the test run that differ from production, with the reasons.

PostgreSQL and Valkey are real (`make test` and ``python -m bookmyshow.embedded pytest`` start
them). All other settings are those of production. A test of one of the changed settings sets it
with pytest-django's ``settings`` fixture.
"""

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from django.conf import settings
from django.db.backends.postgresql.operations import DatabaseOperations

from tests.support.parallel import FilesInOrder, long_files_first, redis_database

# Fixtures for all tests.
pytest_plugins = ["tests.support.servers"]
PATIENCE_SECONDS = 60
# `migrate` fills these tables. They are not emptied after a test, because the site under test runs
# in another process and caches content types in memory.
WRITTEN_BY_MIGRATE = {
    "django_content_type",
    "auth_permission",
    "auth_group",
    "auth_group_permissions",
}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FilesInOrder:
    """Divide the tests between the processes of `make test`."""
    config.option.loadscopereorder = False
    return FilesInOrder(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the long files, in each process of several."""
    if hasattr(config, "workerinput"):
        long_files_first(items)


def redis_url_for_tests() -> str:
    """Return REDIS_URL with the database number of this process, which every test empties."""
    url = urlsplit(settings.REDIS_URL)
    if url.scheme == "unix":
        return url._replace(query=f"db={redis_database()}").geturl()
    return url._replace(path=f"/{redis_database()}").geturl()


def pytest_configure() -> None:
    """Change the settings before any of them is used."""
    # Playwright runs an event loop in the tests' thread; without this Django would refuse to work.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    # So that a site that runs in this checkout keeps its cache and its queue.
    settings.REDIS_URL = settings.CELERY_BROKER_URL = redis_url_for_tests()
    settings.CACHES["default"]["LOCATION"] = settings.REDIS_URL
    # Django's test client speaks plain HTTP.
    settings.SECURE_SSL_REDIRECT = False
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "sessionid", "csrftoken"
    # Tests of races use more threads than a web worker has, each with its own connection.
    settings.DATABASES["default"]["OPTIONS"].pop("pool", None)
    lengthen_timeouts()
    # So that templates render without `collectstatic`.
    backend = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES["staticfiles"]["BACKEND"] = backend
    # Tests do more in a second than a person may. The tests of the limits turn them on.
    settings.RATE_LIMITS = False
    # The limits against hoarding are off for the same reason, and all tests have one address.
    settings.MAX_SEATS_PER_SHOW = settings.MAX_HOLDS = settings.MAX_SEATS_UNCONFIRMED = 100_000
    settings.MAX_HELD_SEATS_PER_ADDRESS = 100_000
    settings.HOLD_PAUSE = timedelta(0)
    # Tasks run at once in the test's process, because no worker runs for the tests.
    settings.CELERY_TASK_ALWAYS_EAGER = True
    # bcrypt is slow by design. The tests of it select it.
    settings.PASSWORD_HASHERS = ["tests.support.hashers.QuickHasher", *settings.PASSWORD_HASHERS]
    keep_rows_of_migrate()


def lengthen_timeouts() -> None:
    """Lengthen timeouts that a busy machine could reach. A test of one of them sets it itself.

    After a timeout of the cache the site goes on without it, and a test would miss what it put
    there. And the many threads of a race wait longer for a lock than a web worker's few.
    """
    cache: dict[str, Any] = settings.CACHES["default"]["OPTIONS"]  # type: ignore[assignment]
    cache |= {"SOCKET_CONNECT_TIMEOUT": PATIENCE_SECONDS, "SOCKET_TIMEOUT": PATIENCE_SECONDS}
    database = settings.DATABASES["default"]["OPTIONS"]
    if "options" in database:
        for limit in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
            database["options"] += f" -c {limit}={PATIENCE_SECONDS}s"


def keep_rows_of_migrate() -> None:
    """After a test with real transactions, let Django empty all tables except WRITTEN_BY_MIGRATE.

    A trigger forbids to empty the audit log; it is disabled for this purpose only.
    """
    sql_flush = DatabaseOperations.sql_flush

    def flush_other_tables(self: Any, style: Any, tables: list[str], **options: Any) -> list[str]:
        tables = [table for table in tables if table not in WRITTEN_BY_MIGRATE]
        trigger = "ALTER TABLE django_admin_log {} TRIGGER audit_log_never_emptied"
        flush = sql_flush(self, style, tables, **options)
        return [trigger.format("DISABLE"), *flush, trigger.format("ENABLE")]

    DatabaseOperations.sql_flush = flush_other_tables  # type: ignore[assignment,method-assign]


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

"""Settings of the test run: what differs from production, and why.

The servers are real (`make test` and ``python -m bookmyshow.embedded pytest`` start them), and so
are the application's settings but for those below. A test that is about one of them sets it back
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

TEST_REDIS_DB = "15"
PATIENCE_SECONDS = 60
# Written by `migrate`: a test that empties the database leaves them, so that the site under test,
# which keeps content types in memory, is never wrong about them.
WRITTEN_BY_MIGRATE = {
    "django_content_type",
    "auth_permission",
    "auth_group",
    "auth_group_permissions",
}


def redis_url_for_tests() -> str:
    """Return REDIS_URL with the tests' own database, which they empty as they like."""
    url = urlsplit(settings.REDIS_URL)
    if url.scheme == "unix":
        return url._replace(query=f"db={TEST_REDIS_DB}").geturl()
    return url._replace(path=f"/{TEST_REDIS_DB}").geturl()


def pytest_configure() -> None:
    """Change the settings before any of them is used."""
    # Playwright's synchronous interface keeps an event loop running in the tests' thread.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    # Neither the cache nor the queue of a site that runs in this checkout is touched.
    settings.REDIS_URL = settings.CELERY_BROKER_URL = redis_url_for_tests()
    settings.CACHES["default"]["LOCATION"] = settings.REDIS_URL
    # Django's test client speaks plain HTTP.
    settings.SECURE_SSL_REDIRECT = False
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "sessionid", "csrftoken"
    # Races run on more threads than a web worker has, each with a connection of its own.
    settings.DATABASES["default"]["OPTIONS"].pop("pool", None)
    be_patient()
    # Templates render without a collected manifest.
    backend = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES["staticfiles"]["BACKEND"] = backend
    # Tests do in seconds what a person does in months; those about limits turn them on.
    settings.RATE_LIMITS = False
    # The same for the limits against hoarding; and all tests come from one address.
    settings.MAX_SEATS_PER_SHOW = settings.MAX_HOLDS = settings.MAX_SEATS_UNCONFIRMED = 100_000
    settings.MAX_HELD_SEATS_PER_ADDRESS = 100_000
    settings.HOLD_PAUSE = timedelta(0)
    # Tasks are done at once: no worker runs here. The site under test is another process.
    settings.CELERY_TASK_ALWAYS_EAGER = True
    # bcrypt is slow by design; the tests that are about it ask for it.
    settings.PASSWORD_HASHERS = ["tests.support.hashers.QuickHasher", *settings.PASSWORD_HASHERS]
    keep_what_migrate_wrote()


def be_patient() -> None:
    """Lengthen the limits that a busy machine may reach; a test of one of them sets it itself.

    A cache that is given up for a moment makes a test read what it expects to find there, and a
    crowd of threads waits for a lock longer than a web worker's few.
    """
    cache: dict[str, Any] = settings.CACHES["default"]["OPTIONS"]  # type: ignore[assignment]
    cache |= {"SOCKET_CONNECT_TIMEOUT": PATIENCE_SECONDS, "SOCKET_TIMEOUT": PATIENCE_SECONDS}
    database = settings.DATABASES["default"]["OPTIONS"]
    if "options" in database:
        for limit in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
            database["options"] += f" -c {limit}={PATIENCE_SECONDS}s"


def keep_what_migrate_wrote() -> None:
    """Have Django empty all tables but WRITTEN_BY_MIGRATE after a test with real transactions.

    Nobody else may empty the audit log.
    """
    sql_flush = DatabaseOperations.sql_flush

    def sparing(self: Any, style: Any, tables: list[str], **options: Any) -> list[str]:
        tables = [table for table in tables if table not in WRITTEN_BY_MIGRATE]
        trigger = "ALTER TABLE django_admin_log {} TRIGGER audit_log_never_emptied"
        flush = sql_flush(self, style, tables, **options)
        return [trigger.format("DISABLE"), *flush, trigger.format("ENABLE")]

    DatabaseOperations.sql_flush = sparing  # type: ignore[assignment,method-assign]


@pytest.fixture(scope="session")
def redis_of_tests() -> Iterator[redis.Redis]:
    """The tests' own Redis database, whatever a test sets REDIS_URL to."""
    with redis.Redis.from_url(redis_url_for_tests()) as client:
        yield client


@pytest.fixture(autouse=True)
def empty_redis(redis_of_tests: redis.Redis) -> None:
    """Begin each test without cached pages, counted attempts and queued tasks.

    They are not rolled back with the database, and each has keys of its own to clear.
    """
    redis_of_tests.flushdb()

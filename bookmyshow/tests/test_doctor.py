from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from bookings.sweeper import note_sweep
from bookmyshow import examination
from bookmyshow.examination import Finding
from tests.servers import OwnValkey, own_valkey

__all__ = ["own_valkey"]
pytestmark = pytest.mark.django_db


def findings() -> dict[str, Finding]:
    return {finding.what: finding for finding in examination.examine()}


def test_what_works_is_said_to_work(monkeypatch: pytest.MonkeyPatch) -> None:
    # A busy machine may look at its clock a moment after the database's.
    monkeypatch.setattr(examination, "MOST_SKEW_SECONDS", 60.0)
    monkeypatch.setattr(examination, "ANSWER_SECONDS", 5.0)
    note_sweep()
    found = findings()
    for what in ("database", "migrations", "cache", "broker", "beat"):
        assert not found[what].advice, found[what]


def test_without_a_worker_it_says_what_to_start_and_fails() -> None:
    output = StringIO()
    with pytest.raises(CommandError, match="to put right"):
        call_command("doctor", stdout=output)
    assert "workers: none answers" in output.getvalue()
    assert "beat: no sweep is known of" in output.getvalue()
    assert "→ Start the Procfile's `worker`" in output.getvalue()


def test_a_cache_that_is_gone_is_found(own_valkey: OwnValkey, settings: Settings) -> None:
    settings.CELERY_BROKER_URL = own_valkey.url
    own_valkey.stop()
    found = findings()
    assert found["cache"].grave
    assert found["broker"].grave
    assert not found["database"].grave


def test_a_missing_migration_is_found() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    assert findings()["migrations"].words == "1 not applied"


def test_nothing_grave_is_success(monkeypatch: pytest.MonkeyPatch) -> None:
    output = StringIO()
    monkeypatch.setattr(
        "bookmyshow.management.commands.doctor.examine",
        lambda: iter([Finding("database", "answers"), Finding("mail", "to a folder", "Set it.")]),
    )
    call_command("doctor", stdout=output)
    assert "All is well." in output.getvalue()

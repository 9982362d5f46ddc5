from contextlib import suppress
from io import StringIO
from pathlib import Path

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.outbox import state as outbox_state
from accounts.outbox.models import Message
from accounts.outbox.sending import send_due
from accounts.outbox.services import write
from bookings.show_changes.services import cancel_show
from bookings.sweep_heartbeat import note_sweep
from bookmyshow.site import diagnostics, mail_trial
from bookmyshow.site.findings import Finding
from tests.support.factories import make_booking, make_show, make_user
from tests.support.mail_server import mail_server
from tests.support.servers import OwnValkey

pytestmark = pytest.mark.django_db


def findings() -> dict[str, Finding]:
    return {finding.subject: finding for finding in diagnostics.run_checks()}


def test_parts_that_work_have_no_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    # On a busy machine the two clocks may be read at different moments.
    monkeypatch.setattr(diagnostics, "MOST_SKEW_SECONDS", 60.0)
    monkeypatch.setattr(diagnostics, "ANSWER_SECONDS", 5.0)
    note_sweep()
    found = findings()
    for what in ("database", "migrations", "cache", "broker", "beat"):
        assert not found[what].advice, found[what]


def test_without_a_worker_it_fails_and_names_the_process_to_start() -> None:
    output = StringIO()
    with pytest.raises(CommandError, match="to correct"):
        call_command("doctor", stdout=output)
    assert "workers: none answers" in output.getvalue()
    assert "beat: no sweep has been recorded" in output.getvalue()
    assert "→ Start the Procfile's `worker`" in output.getvalue()


def test_a_cache_that_is_down_is_found(own_valkey: OwnValkey, settings: Settings) -> None:
    settings.REDIS_URL = own_valkey.url
    own_valkey.stop()
    found = findings()
    assert found["cache"].is_error
    assert found["broker"].is_error
    assert not found["database"].is_error


def test_limits_that_the_role_lacks_behind_pgbouncer_are_found(settings: Settings) -> None:
    def database() -> Finding:
        return next(found for found in diagnostics.run_checks() if found.subject == "database")

    settings.PGBOUNCER = "prepared"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL plan_cache_mode = 'auto'")
        assert "plan_cache_mode is auto" in database().text
        assert "docs/deploy.md" in database().advice
        settings.PGBOUNCER = "on"  # Nothing is prepared.
        assert "plan_cache_mode" not in database().text
        cursor.execute("SET LOCAL lock_timeout = 0")
        assert database().is_error


def test_staff_without_a_second_factor_are_found(settings: Settings) -> None:
    assert "STAFF_2FA=on" in findings()["second factor"].advice
    settings.STAFF_2FA = True
    assert "second factor" not in findings()


def test_a_missing_migration_is_found() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    assert findings()["migrations"].text == "1 not applied"


def test_without_an_error_the_command_succeeds(monkeypatch: pytest.MonkeyPatch) -> None:
    output = StringIO()
    monkeypatch.setattr(
        "bookmyshow.site.management.commands.doctor.run_checks",
        lambda: iter([Finding("database", "answers"), Finding("mail", "to a folder", "Set it.")]),
    )
    call_command("doctor", stdout=output)
    assert "All is well." in output.getvalue()


def owed(count: int = 1, **values: object) -> None:
    show, staff = make_show(), make_user(is_staff=True)
    for label in ("A1", "A2", "A3")[:count]:
        make_booking(show, [label])
    cancel_show(by=staff, show_id=show.pk)
    Message.objects.update(**values)


def doctor_output() -> str:
    """The output of `doctor`, also if it fails."""
    output = StringIO()
    with suppress(CommandError):
        call_command("doctor", stdout=output)
    return output.getvalue()


def test_a_failed_mail_is_a_warning_and_one_that_waits_too_long_an_error() -> None:
    assert "✓ owed mail: all sent" in doctor_output()
    owed(2)
    assert "✓ owed mail: 2 wait" in doctor_output()
    Message.objects.update(attempts=1, last_error="450 not now")
    assert "! owed mail: 2 wait, of which 2 failed" in doctor_output()
    Message.objects.update(due_at=timezone.now() - outbox_state.LATE)
    words = doctor_output()
    assert "✗ owed mail: 2 wait, of which 2 failed; the oldest for 15\xa0minutes" in words
    assert "(450 not now)" in words


def test_a_mail_that_was_given_up_is_a_warning_for_a_week() -> None:
    owed(given_up_at=timezone.now())
    assert "! owed mail: 1 could not be sent in the last 7 days" in doctor_output()
    Message.objects.update(given_up_at=timezone.now() - outbox_state.REMEMBERED)
    assert "✓ owed mail: all sent" in doctor_output()


def test_a_mail_server_that_refuses_mail_is_found(settings: Settings) -> None:
    with mail_server() as server:
        server.receive_from(settings)
        assert findings()["mail"].text == "goes to 127.0.0.1, which answers"
        server.greeting = "554 go away"
        assert findings()["mail"].is_error
        assert "554 go away" in findings()["mail"].text


@pytest.mark.parametrize(
    "backend", ["bookmyshow.core.mail_folder", "django.core.mail.backends.filebased"]
)
def test_mail_that_goes_to_a_folder_is_a_warning(
    settings: Settings, tmp_path: Path, backend: str
) -> None:
    settings.EMAIL_BACKEND = f"{backend}.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    found = findings()["mail"]
    assert found.text == f"goes to the folder {tmp_path / 'mail'}"
    assert (bool(found.advice), found.is_error) == (True, False)
    assert not (tmp_path / "mail").exists()


def test_without_a_worker_the_trial_of_mail_says_so_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mail_trial, "WAIT_SECONDS", 0.0)
    output = StringIO()
    with pytest.raises(CommandError, match="to correct"):
        call_command("doctor", send_mail="", stdout=output)
    assert "✗ trial of mail: no worker took it in 0 s" in output.getvalue()
    assert not Message.objects.exists()


def test_the_trial_of_mail_refuses_an_address_that_no_mail_can_go_to() -> None:
    with pytest.raises(CommandError, match="not an address"):
        call_command("doctor", send_mail="not an address")


def test_the_trial_of_mail_is_a_mail() -> None:
    write(mail_trial.KIND, key="1", address="ops@example.com")
    assert send_due().sent == 1
    (trial,) = mail.outbox
    assert (trial.to, "doctor --send-mail" in trial.body) == (["ops@example.com"], True)

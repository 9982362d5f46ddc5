"""Sweeps and mails as deployed: the Procfile's Celery processes on the tests' database.

Beat starts them in test_push_live.py.
"""

import re
import time
from pathlib import Path

import pytest
from django.conf import settings

from accounts.outbox.models import Message
from accounts.tasks import send_mail, send_push
from bookings import services
from bookings.payments.states import PaymentState
from bookings.show_changes.services import cancel_show
from bookings.tasks import release_expired_holds, send_refunds
from bookmyshow.celery import app
from bookmyshow.site import diagnostics, mail_trial
from bookmyshow.site.findings import Finding
from shows.waiting_room import services as waiting_room
from shows.waiting_room.tasks import admit
from tests.support.factories import lapse, make_booking, make_show, make_user
from tests.support.mail_server import mail_server
from tests.support.money import make_order, make_payment, make_refund
from tests.support.on_sale import open_sale
from tests.support.stuck_server import stuck_server
from tests.support.workers import START_SECONDS, procfile, running

pytestmark = pytest.mark.django_db(transaction=True)

# The concurrency of the Procfile's `worker` and `sweeper`.
SLOTS, SWEEPER_SLOTS = 3, 2


def test_sweeps_admissions_and_push_messages_go_on_while_mail_and_payments_are_stuck(
    tmp_path: Path,
) -> None:
    """A mail server never finishes its reply: one run waits for it, although more were started. A
    payment provider does not either: both processes of the sweeper wait for it.
    """
    place = waiting_room.join(open_sale(make_show()).pk, make_user())
    show, staff = make_show(), make_user(is_staff=True)
    sold = make_show()
    for label in ("A1", "A2"):
        make_booking(sold, [label])
    cancel_show(by=staff, show_id=sold.pk)
    booking = services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1"])
    lapse(booking)
    for label in ("B1", "B2"):
        paid = make_order(make_booking(show, [label]), state="PAID")
        make_refund(make_payment(paid, PaymentState.CAPTURED), 100)
    with mail_server() as server, stuck_server(SWEEPER_SLOTS) as provider:
        server.drips = True
        payments = {"PAYMENTS": "sandbox", "SANDBOX_URL": provider.url}
        with running(tmp_path, "worker", "sweeper", EMAIL_URL=server.url, **payments) as log:

            def wait_for(words: str) -> None:
                give_up = time.monotonic() + START_SECONDS
                while not re.search(words, log.read_text()):
                    assert time.monotonic() < give_up, log.read_text()
                    time.sleep(0.1)

            send_mail.delay()
            assert server.is_stuck.wait(START_SECONDS)
            for _ in range(SLOTS):
                send_mail.delay()
            for _ in range(SWEEPER_SLOTS):
                send_refunds.delay()
            assert provider.is_stuck.wait(START_SECONDS), log.read_text()
            send_push.delay()
            release_expired_holds.delay()
            admit.delay()
            wait_for(booking.reference)
            give_up = time.monotonic() + START_SECONDS
            while place.called_at is None:
                assert time.monotonic() < give_up, log.read_text()
                time.sleep(0.1)
                place.refresh_from_db()
            assert provider.connections == SWEEPER_SLOTS, "it answered, so nothing was stuck"
            wait_for(r"accounts\.tasks\.send_push\[[^]]+\] succeeded")
            assert len(server.received) == 1
            assert not Message.objects.exclude(sent_at=None).exists()
            assert not Message.objects.exclude(last_error="").exists()
            provider.stopped.set()
            server.stopped.set()


def test_a_commit_wakes_a_worker_and_doctor_sends_itself_a_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no beat: only the nudge starts runs."""
    with mail_server() as server, running(tmp_path, "worker", EMAIL_URL=server.url):
        monkeypatch.setattr(mail_trial, "WAIT_SECONDS", START_SECONDS)
        found = mail_trial.send_trial("ops@example.com")
        assert not found.is_error, found
        assert "took a mail to ops@example.com" in found.text
        server.refuses = {"ops@example.com": "550 no such user"}
        found = mail_trial.send_trial("ops@example.com")
        assert found.is_error
        assert "550 no such user" in found.text
        assert "ops@example.com" in {str(mail["To"]) for mail in server.received}
    assert not Message.objects.filter(sent_at=None).exists(), "a trial raises no alert"


def test_doctor_says_which_queue_nobody_takes(tmp_path: Path) -> None:
    """If a busy machine answers too late, the test looks again."""

    def workers() -> Finding:
        return next(found for found in diagnostics.run_checks() if found.subject == "workers")

    (tmp_path / "sweeper").mkdir()
    with running(tmp_path, "worker"):
        give_up = time.monotonic() + START_SECONDS
        while (found := workers()).text == "none answers":
            assert time.monotonic() < give_up
        assert found.text == "none takes the queue payments"
        assert found.is_error
        with running(tmp_path / "sweeper", "sweeper"):
            give_up = time.monotonic() + START_SECONDS
            while workers().text != "2 answer":
                assert time.monotonic() < give_up, workers()


def test_every_task_of_beat_exists_and_some_process_takes_its_queue() -> None:
    app.loader.import_default_modules()
    listening = {
        queue
        for command in procfile().values()
        if "worker" in command
        for option in [o for o in command if o.startswith("--queues=")] or ["--queues=celery"]
        for queue in option.removeprefix("--queues=").split(",")
    }
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert entry["task"] in app.tasks
        queue = settings.CELERY_TASK_ROUTES.get(entry["task"], {}).get("queue", "celery")
        assert queue in listening

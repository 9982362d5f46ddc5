"""The sweep as deployed: the Procfile's Celery processes on the tests' database."""

import re
import time
from pathlib import Path

import pytest
from django.conf import settings

from accounts.outbox.models import Message
from accounts.tasks import send_mail, send_push
from bookings import services
from bookings.models import Booking
from bookings.show_changes.services import cancel_show
from bookings.tasks import release_expired_holds
from bookmyshow.celery import app
from bookmyshow.site import diagnostics, mail_trial
from bookmyshow.site.findings import Finding
from shows.models import Show
from shows.waiting_room import services as waiting_room
from tests.support.factories import lapse, make_booking, make_show, make_user
from tests.support.mail_server import mail_server
from tests.support.on_sale import open_sale
from tests.support.workers import START_SECONDS, procfile, running

pytestmark = pytest.mark.django_db(transaction=True)

# Time for beat, the worker and a busy machine.
TICK_SECONDS = 25
# The concurrency of the Procfile's `worker`.
SLOTS = 2


def test_a_lapsed_hold_is_swept_and_a_waiting_room_lets_people_in(tmp_path: Path) -> None:
    """Within the interval and a tick."""
    show = make_show()
    place = waiting_room.join(open_sale(make_show()).pk, make_user())
    with running(tmp_path, "worker", "sweeper", "beat") as log:
        booking = services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1", "A2"])
        lapse(booking)
        lapsed_at = time.monotonic()
        allowed = settings.SWEEP_SECONDS + TICK_SECONDS
        # The log line follows the commit, so once it is there the rows say the same.
        while booking.reference not in log.read_text():
            assert time.monotonic() - lapsed_at < allowed, log.read_text()
            time.sleep(0.1)
    place.refresh_from_db()
    assert place.called_at
    booking.refresh_from_db()
    assert (booking.status, booking.ended_reason) == (Booking.Status.FAILED, "lapsed")
    assert Show.objects.get(pk=show.pk).available_seats == show.total_seats


def test_sweeps_and_push_messages_go_on_while_mail_is_stuck(tmp_path: Path) -> None:
    """A mail server never finishes its reply. One run waits for it, although two were started."""
    show, staff = make_show(), make_user(is_staff=True)
    sold = make_show()
    for label in ("A1", "A2"):
        make_booking(sold, [label])
    cancel_show(by=staff, show_id=sold.pk)
    booking = services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1"])
    lapse(booking)
    with mail_server() as server:
        server.drips = True
        with running(tmp_path, "worker", "sweeper", EMAIL_URL=server.url) as log:

            def wait_for(words: str) -> None:
                give_up = time.monotonic() + START_SECONDS
                while not re.search(words, log.read_text()):
                    assert time.monotonic() < give_up, log.read_text()
                    time.sleep(0.1)

            send_mail.delay()
            assert server.is_stuck.wait(START_SECONDS)
            for _ in range(SLOTS):
                send_mail.delay()
            send_push.delay()
            release_expired_holds.delay()
            wait_for(booking.reference)
            wait_for(r"accounts\.tasks\.send_push\[[^]]+\] succeeded")
            assert len(server.received) == 1
            assert not Message.objects.exclude(sent_at=None).exists()
            assert not Message.objects.exclude(last_error="").exists()
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


def test_doctor_says_which_queue_nobody_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diagnostics, "ANSWER_SECONDS", 5.0)

    def workers() -> Finding:
        return next(found for found in diagnostics.run_checks() if found.subject == "workers")

    with running(tmp_path, "worker"):
        give_up = time.monotonic() + START_SECONDS
        while (found := workers()).text == "none answers":
            assert time.monotonic() < give_up
        assert found.text == "none takes the queue payments or sweeps"
        assert found.is_error
    with running(tmp_path, "worker", "sweeper"):
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

"""Push messages by the processes of a real site: beat, the worker, and a push service."""

import time
from datetime import timedelta
from pathlib import Path
from secrets import token_urlsafe

import pytest
from django.db.models import F
from pytest_django import Settings

from accounts.email.mails import write_password_changed
from bookings import services
from bookings.models import Booking
from bookmyshow.core.time import database_now
from tests.support.factories import make_movie, make_show, make_user
from tests.support.mail_server import mail_server
from tests.support.push_service import SILENCE, push_service_running, subscribe
from tests.support.workers import running

PATIENCE_SECONDS = 120
# Beat and the worker have to start first, and a busy machine is slow at that.
SECONDS_LEFT = 60


@pytest.mark.django_db(transaction=True)
def test_a_hold_is_told_half_a_minute_before_its_end_although_mail_hangs(
    tmp_path: Path, settings: Settings
) -> None:
    """Beat looks at holds, a worker sends. The mail server takes a mail and never finishes."""
    with push_service_running() as service, mail_server() as mails:
        mails.drips = True
        own = {"PUSH_TEST_ORIGIN": service.origin, "VAPID_PRIVATE_KEY": token_urlsafe(32)}
        for name, value in own.items():
            setattr(settings, name, value)
        user = make_user()
        browser = service.browser()
        subscribe(user, service.browser(SILENCE))
        subscribe(user, browser)
        show = make_show(movie=make_movie("Her"))
        held = services.hold_seats(user=user, show_id=show.pk, labels=["C4"])
        write_password_changed(user)
        with running(tmp_path, "worker", "beat", EMAIL_URL=mails.url, **own) as log:
            assert mails.is_stuck.wait(PATIENCE_SECONDS)
            ends = database_now() + timedelta(seconds=SECONDS_LEFT)
            Booking.objects.filter(pk=held.pk).update(
                created_at=F("created_at") - timedelta(minutes=5), expires_at=ends
            )
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not service.messages_to(browser):
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.1)
            mails.stopped.set()  # Otherwise the worker could not end.
    (received,) = service.received
    left = ends.timestamp() - received.at
    # 31 to 26 on an idle machine. A busy one may be late, but it never sends after the limit.
    assert 10 < left <= 31.5
    assert received.ttl <= left + 1

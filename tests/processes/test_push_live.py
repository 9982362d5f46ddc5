"""What beat starts by itself, with the Procfile's Celery processes on the tests' database.

They start once for all of it, because beat's intervals take most of the time.
"""

import time
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_urlsafe

import pytest
from django.db.models import F
from pytest_django import Settings

from accounts.email.mails import write_password_changed
from bookings import services
from bookings.models import Booking
from bookings.push.scanners import HOLD_DROPPED
from bookmyshow.beat import SWEEP_SECONDS
from bookmyshow.core.time import database_now
from shows.models import Show
from shows.waiting_room import services as waiting_room
from tests.support.factories import lapse, make_movie, make_show, make_user
from tests.support.mail_server import mail_server
from tests.support.on_sale import open_sale
from tests.support.push_service import SILENCE, push_service_running, subscribe
from tests.support.workers import running

PATIENCE_SECONDS = 300
# Beat looks at holds every 5 s. This leaves it two looks that are too early.
SECONDS_LEFT = 42
# Time for a busy machine beyond beat's interval.
TICK_SECONDS = 120


def end_soon(held: Booking) -> datetime:
    """Let the hold end in SECONDS_LEFT; returns that moment."""
    ends = database_now() + timedelta(seconds=SECONDS_LEFT)
    changed = Booking.objects.filter(pk=held.pk, status=Booking.Status.PENDING).update(
        created_at=F("created_at") - timedelta(minutes=5), expires_at=ends
    )
    assert changed, "the hold has lapsed"
    return ends


@pytest.mark.django_db(transaction=True)
def test_while_mail_hangs_holds_are_told_before_their_end_and_swept_and_people_let_in(
    tmp_path: Path, settings: Settings
) -> None:
    """A hold is told half a minute before its end. A lapsed one is swept within the interval."""
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
        place = waiting_room.join(open_sale(make_show()).pk, make_user())
        held = services.hold_seats(user=user, show_id=show.pk, labels=["C4"])
        with running(tmp_path, "worker", "sweeper", "beat", EMAIL_URL=mails.url, **own) as log:
            lapsed = services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1", "A2"])
            lapse(lapsed)
            lapsed_at = time.monotonic()
            write_password_changed(user)
            assert mails.is_stuck.wait(PATIENCE_SECONDS)
            ends = [end_soon(held)]
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not service.messages_to(browser):
                assert time.monotonic() < deadline, log.read_text()
                if database_now() > ends[-1] - HOLD_DROPPED:
                    # This machine was too slow, and the message was dropped. Try another end.
                    ends.append(end_soon(held))
                time.sleep(0.1)
            # The log line follows the commit, so once it is there the rows say the same.
            while lapsed.reference not in log.read_text():
                assert time.monotonic() - lapsed_at < SWEEP_SECONDS + TICK_SECONDS, log.read_text()
                time.sleep(0.1)
            mails.stopped.set()  # Otherwise the worker could not end.
    assert len(service.received) <= len(ends)
    received = service.received[0]
    left = min(each.timestamp() - received.at for each in ends if each.timestamp() > received.at)
    # 31 to 26 on an idle machine. A busy one may be late, but it never sends after the limit.
    assert 10 < left <= 31.5
    # It is of no use after the end. On a busy machine it takes seconds to arrive.
    assert received.ttl <= 31
    place.refresh_from_db()
    assert place.called_at
    lapsed.refresh_from_db()
    assert (lapsed.status, lapsed.ended_reason) == (Booking.Status.FAILED, "lapsed")
    assert Show.objects.get(pk=show.pk).available_seats == show.total_seats - 1

"""Each mail is sent once, also if senders are killed or run twice, or the server is down."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from accounts.outbox.models import Message, State
from accounts.outbox.sending import Sent, send_due
from accounts.privacy.services import delete_account
from accounts.tasks import send_mail
from bookings.models import Booking
from shows.models import Show
from tests.support.deployed_site import (
    NO_LOCK_TIMEOUT,
    free_port,
    wait_until_the_database_let_go,
)
from tests.support.factories import make_user
from tests.support.mail_server import MailServer, mail_server
from tests.support.owed_mail import MANAGER, WAIT_SECONDS, cancel_sold_show, kill, manage, sold_show
from tests.support.races import at_once, wait_for_waiting

pytestmark = pytest.mark.django_db


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


def test_due_mails_are_sent_once() -> None:
    cancel_sold_show(3)
    assert send_mail() == 3
    assert send_mail() == 0
    assert len({message.to[0] for message in mail.outbox}) == len(mail.outbox) == 3


def test_a_mail_that_fails_is_tried_again_later_and_holds_up_no_other(
    server: MailServer, settings: Settings
) -> None:
    cancel_sold_show(3)
    unlucky = Message.objects.order_by("pk")[0]
    server.refuses = {unlucky.recipient: "450 not now"}
    server.receive_from(settings)
    before = timezone.now()
    with pytest.raises(CommandError):
        call_command("send_mail")
    assert len(server.recipients()) == 2
    unlucky.refresh_from_db()
    assert (unlucky.sent_at, unlucky.attempts) == (None, 1)
    assert unlucky.next_try_at > before + timedelta(seconds=30)
    server.refuses = {}
    assert send_due().sent == 0
    Message.objects.update(next_try_at=F("next_try_at") - timedelta(hours=1))
    assert send_due().sent == 1


def test_with_the_mail_server_down_a_run_gives_up_soon(settings: Settings) -> None:
    cancel_sold_show(6)
    for name, value in (
        ("EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend"),
        ("EMAIL_PORT", free_port()),
    ):
        setattr(settings, name, value)
    done = send_due()
    assert (done.sent, done.failed) == (0, 3)
    assert Message.objects.filter(attempts=0).count() == 3


def test_no_mail_goes_to_a_closed_account() -> None:
    cancel_sold_show(2)
    delete_account(user=Message.objects.order_by("pk")[0].user or User())
    assert send_due() == Sent(sent=1)
    assert [message.state for message in Message.objects.order_by("pk")] == [
        State.DROPPED,
        State.SENT,
    ]


def test_a_dry_run_lists_and_sends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    cancel_sold_show(2)
    call_command("send_mail", dry_run=True)
    assert "2 mails wait" in capsys.readouterr().out
    assert mail.outbox == []


@pytest.mark.django_db(transaction=True)
def test_many_senders_at_once_send_each_mail_once() -> None:
    cancel_sold_show(20)
    results = at_once(lambda n: send_due().sent, 4)
    assert sum(r for r in results if isinstance(r, int)) == 20
    assert set(Counter(message.to[0] for message in mail.outbox).values()) == {1}


@pytest.mark.django_db(transaction=True)
def test_after_a_sender_was_killed_the_next_run_sends_the_rest_once(
    tmp_path: Path, server: MailServer
) -> None:
    show = cancel_sold_show(8)
    # The server accepts the fourth mail but does not answer.
    server.silent_after = 4
    sender = manage(tmp_path, "send_mail", EMAIL_URL=server.url)
    assert server.is_stuck.wait(WAIT_SECONDS)
    kill(sender)
    wait_until_the_database_let_go(MANAGER)
    assert Message.objects.filter(sent_at__isnull=False).count() == 3
    server.silent_after = None
    assert manage(tmp_path, "send_mail", EMAIL_URL=server.url).wait(WAIT_SECONDS) == 0
    # No other sender takes the mail that it had claimed until the claim lapses.
    assert len(server.received) == 8
    claimed = Message.objects.get(sent_at=None)
    assert claimed.attempts == 1
    Message.objects.update(claimed_until=timezone.now())
    assert manage(tmp_path, "send_mail", EMAIL_URL=server.url).wait(WAIT_SECONDS) == 0
    told = server.recipients()
    assert len(server.received) == 9
    assert len(told) == 8
    buyers = Booking.objects.filter(show=show).values_list("user__email", flat=True)
    assert sorted(told.values()) == sorted(buyers)
    assert not Message.objects.filter(sent_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_a_killed_cancellation_changes_nothing_and_can_be_repeated(tmp_path: Path) -> None:
    show, staff = sold_show(5), make_user(is_staff=True)
    command = ("cancel_show", str(show.pk), "--by", staff.email)
    with transaction.atomic():
        # The command has the show's lock and waits for a booking that this transaction has locked.
        Booking.objects.select_for_update().filter(show=show).order_by("-pk").first()
        cancelling = manage(tmp_path, *command, **NO_LOCK_TIMEOUT)
        wait_for_waiting(1)
        kill(cancelling)
    wait_until_the_database_let_go(MANAGER)
    show.refresh_from_db()
    assert show.status == Show.Status.SCHEDULED
    assert Booking.objects.filter(show=show, status="CONFIRMED").count() == 5
    assert not Message.objects.exists()
    assert manage(tmp_path, *command).wait(WAIT_SECONDS) == 0
    show.refresh_from_db()
    assert (show.status, show.available_seats) == (Show.Status.CANCELLED, show.total_seats)
    assert Message.objects.count() == 5

"""A bad address fails only its own mail; a bad server delays mails, but none is lost."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings as site
from django.contrib.admin.models import LogEntry
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from accounts.outbox import sending
from accounts.outbox.failures import Failure, Refusal
from accounts.outbox.models import Message, State
from accounts.outbox.sending import send_due
from accounts.tasks import send_mail
from bookings.archive.services import archive_batch
from shows.models import Show
from tests.support.admin_site import staff_client
from tests.support.deployed_site import wait_until_the_database_let_go
from tests.support.factories import make_user
from tests.support.mail_server import MailServer, mail_server
from tests.support.outbox import let_time_pass
from tests.support.owed_mail import MANAGER, WAIT_SECONDS, cancel_sold_show, kill, manage

pytestmark = pytest.mark.django_db
LIST = "/admin/outbox/message/"
# EmailValidator accepts both, but no mail can be sent to them.
UNSENDABLE = (f"x@{'é' * 60}.com", "x@\u05d01.com")


@pytest.fixture
def server(settings: Settings) -> Iterator[MailServer]:
    """The server that mail of this process goes to."""
    with mail_server() as server:
        server.receive_from(settings)
        yield server


def owed(people: int) -> list[Message]:
    cancel_sold_show(people)
    return list(Message.objects.select_related("user").order_by("pk"))


@pytest.mark.parametrize("address", UNSENDABLE)
def test_an_invalid_address_fails_only_its_own_mail(server: MailServer, address: str) -> None:
    first, *_ = owed(3)
    User.objects.filter(messages=first).update(email=address)
    done = send_due()
    assert (done.sent, done.failed) == (2, 1)
    first.refresh_from_db()
    assert first.given_up_at
    assert first.last_error.startswith("Unicode")


def test_an_error_in_our_code_fails_only_that_mail_and_is_retried() -> None:
    first, *_ = owed(3)
    detail = first.data
    Message.objects.filter(pk=first.pk).update(data={})
    done = send_due()
    assert (done.sent, done.failed) == (2, 1)
    first.refresh_from_db()
    assert (first.state, first.last_error) == (State.WAITING, "KeyError: references")
    Message.objects.filter(pk=first.pk).update(data=detail)
    let_time_pass()
    assert send_due().sent == 1


def test_a_permanent_refusal_is_given_up_at_once_and_never_tried_again(
    server: MailServer,
) -> None:
    first, *_ = owed(3)
    server.refuses = {first.recipient: f"550 5.1.1 <{first.recipient}> is unknown"}
    send_due()
    first.refresh_from_db()
    assert (first.state, first.attempts) == (State.GIVEN_UP, 1)
    # The server's words without the address, so that a closed account leaves no address behind.
    assert first.last_error == "550 5.1.1 <…> is unknown"
    let_time_pass()
    assert send_due() == sending.Sent()


@pytest.mark.parametrize("reply", ["550 no such user", "451 4.2.2 mailbox full"])
def test_bad_addresses_in_a_row_do_not_stop_the_others(server: MailServer, reply: str) -> None:
    bad = owed(8)[:5]
    server.refuses = {message.recipient: reply for message in bad}
    done = send_due()
    assert (done.sent, done.failed) == (3, 5)


def test_a_connection_closed_during_a_mail_fails_only_that_mail(server: MailServer) -> None:
    first, *_ = owed(4)
    server.refuses = {first.recipient: ""}
    done = send_due()
    assert (done.sent, done.failed) == (3, 1)


@pytest.mark.parametrize("greeting", ["421 too busy", "554 go away"])
def test_while_the_server_refuses_all_mail_none_is_given_up(
    server: MailServer, greeting: str
) -> None:
    owed(6)
    server.greeting = greeting
    for _ in range(20):
        assert send_due().failed == sending.SERVER_FAILURES
        let_time_pass()
    assert not Message.objects.exclude(given_up_at=None).exists()
    server.greeting = "220 at your service"
    waits = Message.objects.filter(next_try_at__gt=timezone.now() + timedelta(minutes=6))
    assert send_due().failed == 0
    assert not waits.exists()


def test_a_temporary_failure_is_given_up_after_days(server: MailServer) -> None:
    (message,) = owed(1)
    server.refuses = {message.recipient: "450 not now"}
    send_due()
    Message.objects.update(due_at=timezone.now() - sending.GIVE_UP_AFTER)
    let_time_pass()
    send_due()
    message.refresh_from_db()
    assert (message.state, message.last_error) == (State.GIVEN_UP, "450 not now")


def test_a_run_takes_many_mails_over_one_connection(server: MailServer) -> None:
    owed(5)
    assert send_due().sent == 5
    assert server.connections == 1


def test_a_run_stops_after_its_time_and_the_next_continues(monkeypatch: pytest.MonkeyPatch) -> None:
    owed(3)
    monkeypatch.setattr(sending, "RUN_SECONDS", 0)
    assert [send_due().sent for _ in range(4)] == [1, 1, 1, 0]


def test_a_reply_that_never_ends_is_cut_off_by_the_tasks_limit(server: MailServer) -> None:
    """Celery raises this in the middle of the task, in its main thread, as here."""
    (message,) = owed(1)
    server.drips = True

    def cut_off(*_: object) -> None:
        raise SoftTimeLimitExceeded

    def wait_then_cut_off() -> None:
        server.is_stuck.wait(WAIT_SECONDS)
        os.kill(os.getpid(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, cut_off)
    try:
        threading.Thread(target=wait_then_cut_off).start()
        assert send_due().failed == 1
    finally:
        signal.signal(signal.SIGUSR1, before)
    message.refresh_from_db()
    assert (message.state, message.attempts) == (State.WAITING, 1)
    assert sending.RUN_SECONDS < send_mail.soft_time_limit < site.CELERY_TASK_TIME_LIMIT
    assert timedelta(seconds=site.CELERY_TASK_TIME_LIMIT) < sending.CLAIM


def states_of_sender() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT state FROM pg_stat_activity WHERE application_name = %s", [MANAGER]
        )
        return [state for (state,) in cursor.fetchall()]


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_and_the_try_is_counted_while_a_server_is_slow(
    tmp_path: Path, server: MailServer
) -> None:
    """The database would end an idle transaction, and the mark that the mail was sent would be
    lost."""
    cancel_sold_show(1)
    server.silent_after = 1
    sender = manage(tmp_path, "send_mail", EMAIL_URL=server.url)
    assert server.is_stuck.wait(WAIT_SECONDS)
    # Its last statement may just be ending. In a transaction it would stay so.
    deadline = time.monotonic() + WAIT_SECONDS
    while (found := states_of_sender()) != ["idle"]:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    message = Message.objects.get()
    assert (message.attempts, message.sent_at) == (1, None)
    # The mail is claimed, so no other sender takes it.
    assert send_due() == sending.Sent()
    kill(sender)
    wait_until_the_database_let_go(MANAGER)


def test_a_mail_sent_after_its_claim_lapsed_is_marked_as_sent(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its claim lapsed while the server was slow, and another sender gave the mail up."""
    (message,) = owed(1)
    claim, deliver = sending.claim_next, sending.deliver

    def deliver_late(claimed: Message, *arguments: object) -> object:
        let_time_pass()
        again = claim()
        assert again is not None
        sending.note_failure(again, Refusal(Failure.PERMANENT, "550 no"))
        return deliver(claimed, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(sending, "deliver", deliver_late)
    assert send_due().sent == 1
    message.refresh_from_db()
    assert (message.state, message.last_error, message.given_up_at) == (State.SENT, "", None)


def test_staff_see_what_was_given_up_and_send_it_again(server: MailServer) -> None:
    first, *_ = owed(2)
    server.refuses = {first.recipient: "550 no such user"}
    send_due()
    client = staff_client()
    page = client.get(LIST, {"state": "given-up"}).text
    assert first.recipient in page
    assert "550 no such user" in page
    assert page.count('name="_selected_action"') == 1
    server.refuses = {}
    everything = [message.pk for message in Message.objects.all()]
    action = {"action": "send_again", "_selected_action": everything}
    answer = client.post(LIST, action, follow=True).text
    assert "2 messages to be sent" in answer
    assert "Message to be sent again" in LogEntry.objects.latest("pk").change_message
    assert send_due().sent == 2
    first.refresh_from_db()
    assert first.state == State.SENT


def test_only_those_who_may_change_messages_send_them_again(client: Client) -> None:
    (message,) = owed(1)
    Message.objects.update(given_up_at=timezone.now())
    client.force_login(make_user(is_staff=True))
    action = {"action": "send_again", "_selected_action": [message.pk]}
    assert client.post(LIST, action).status_code == 403
    message.refresh_from_db()
    assert message.state == State.GIVEN_UP


def test_a_mail_that_was_given_up_keeps_no_show_from_the_archive() -> None:
    owed(1)
    ago = timezone.now() - timedelta(days=365)
    Show.objects.update(
        starts_at=ago, ends_at=ago + timedelta(hours=2), busy_until=ago + timedelta(hours=3)
    )
    assert archive_batch(size=10).shows == 0
    Message.objects.update(given_up_at=timezone.now())
    assert archive_batch(size=10).shows == 1
    assert not mail.outbox

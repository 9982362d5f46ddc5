"""A sender is killed at any moment of a mail: every mail arrives, with one Message-ID."""

import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.conf import settings as site
from django.db import connection, transaction
from pytest_django import Settings

from accounts.outbox.models import Message, State
from accounts.outbox.sending import send_due
from tests.support.deployed_site import NO_LOCK_TIMEOUT, wait_until_the_database_let_go
from tests.support.mail_server import MailServer, mail_server
from tests.support.outbox import let_time_pass
from tests.support.owed_mail import MANAGER, WAIT_SECONDS, cancel_sold_show, kill, manage
from tests.support.races import wait_for_waiting

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = 4


@pytest.fixture
def server(settings: Settings) -> Iterator[MailServer]:
    with mail_server() as server:
        server.receive_from(settings)
        yield server


def start_sender(folder: Path, server: MailServer) -> "subprocess.Popen[bytes]":
    """A sender of this site in a process of its own."""
    own = {"EMAIL_URL": server.url, "SITE_URL": site.SITE_URL, **NO_LOCK_TIMEOUT}
    return manage(folder, "send_mail", **own)


def told(server: MailServer) -> dict[str, set[str]]:
    """The Message-IDs that each address received."""
    found = defaultdict(set)
    for mail in server.received:
        found[str(mail["To"])].add(str(mail["Message-ID"]))
    return found


def each_has_one_mail(server: MailServer) -> bool:
    people = {message.recipient for message in Message.objects.select_related("user")}
    ids = told(server)
    return set(ids) == people and all(len(of_person) == 1 for of_person in ids.values())


# When it is killed, and how often the mail that was being sent reaches the server.
MOMENTS = {"greeting": 1, "recipient": 1, "text": 1, "reply": 2}


@pytest.mark.parametrize(("moment", "times"), MOMENTS.items(), ids=list(MOMENTS))
def test_killed_while_it_talks_to_the_server(
    tmp_path: Path, server: MailServer, moment: str, times: int
) -> None:
    cancel_sold_show(PEOPLE)
    server.stuck_at = moment
    sender = start_sender(tmp_path, server)
    assert server.is_stuck.wait(WAIT_SECONDS)
    kill(sender)
    wait_until_the_database_let_go(MANAGER)
    server.stuck_at = ""
    before = len(server.received)
    # The mail that was being sent is claimed until its claim lapses.
    assert send_due().sent == PEOPLE - 1
    let_time_pass()
    assert send_due().sent == 1
    assert len(server.received) - before == PEOPLE
    assert len(server.received) == PEOPLE - 1 + times
    assert each_has_one_mail(server)


def test_killed_after_the_servers_yes_and_before_the_mark(
    tmp_path: Path, server: MailServer
) -> None:
    cancel_sold_show(PEOPLE)
    server.stuck_at = "reply"
    sender = start_sender(tmp_path, server)
    assert server.is_stuck.wait(WAIT_SECONDS)
    with transaction.atomic():
        # The sender hears the server's yes, and waits for this row to mark it.
        Message.objects.select_for_update().get(attempts=1)
        server.stuck_at = ""
        server.go_on.set()
        wait_for_waiting(1)
        kill(sender)
        # Otherwise its connection, which waits for the row, would still mark it.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = %s",
                [MANAGER],
            )
    wait_until_the_database_let_go(MANAGER)
    assert not Message.objects.in_state(State.SENT).exists()
    let_time_pass()
    assert send_due().sent == PEOPLE
    assert len(server.received) == PEOPLE + 1
    assert each_has_one_mail(server)


def silent(server: MailServer) -> None:
    server.stuck_at = "greeting"


def full(server: MailServer) -> None:
    server.refuses_text = "452 4.3.1 the disk is full"


def full_without_a_class(server: MailServer) -> None:
    server.refuses_text = "452 insufficient storage"


def refusing_all(server: MailServer) -> None:
    server.greeting = "554 go away"


@pytest.mark.parametrize("fault", [silent, full, full_without_a_class, refusing_all])
def test_a_server_that_takes_nothing_gets_few_tries_and_later_every_mail(
    server: MailServer, settings: Settings, fault: Callable[[MailServer], None]
) -> None:
    cancel_sold_show(8)
    fault(server)
    # Only a silent server is waited for.
    settings.EMAIL_TIMEOUT = 0.5 if fault is silent else 60
    done = send_due()
    assert (done.sent, done.failed, done.is_refused) == (0, 3, True)
    settings.EMAIL_TIMEOUT = 60
    server.stuck_at, server.refuses_text, server.greeting = "", None, "220 at your service"
    server.go_on.set()
    let_time_pass()
    assert send_due().sent == 8
    assert each_has_one_mail(server)
    assert len(server.received) == 8


def test_a_full_mailbox_is_the_fault_of_one_address(server: MailServer) -> None:
    cancel_sold_show(5)
    server.refuses_text = "452 4.2.2 this mailbox is full"
    done = send_due()
    assert (done.failed, done.is_refused) == (5, False)
    server.refuses_text = None
    let_time_pass()
    assert send_due().sent == 5
    assert each_has_one_mail(server)


def test_a_slow_server_gets_one_mail_after_the_other(server: MailServer) -> None:
    cancel_sold_show(PEOPLE)
    server.reply_seconds = 0.05
    assert send_due().sent == PEOPLE
    assert server.connections == 1
    assert each_has_one_mail(server)


def test_two_senders_killed_and_two_more_send_each_mail(tmp_path: Path, server: MailServer) -> None:
    cancel_sold_show(12)
    server.stuck_at = "text"
    with ExitStack() as killed:
        for number in (1, 2):
            sender = start_sender(tmp_path, server)
            killed.callback(kill, sender)
            while Message.objects.filter(attempts=1).count() < number:
                assert sender.poll() is None
                time.sleep(0.02)
            assert server.is_stuck.wait(WAIT_SECONDS)
    wait_until_the_database_let_go(MANAGER)
    server.stuck_at = ""
    server.go_on.set()
    let_time_pass()
    senders = [start_sender(tmp_path, server) for _ in (1, 2)]
    assert [sender.wait(WAIT_SECONDS) for sender in senders] == [0, 0]
    assert each_has_one_mail(server)
    assert not Message.objects.waiting().exists()

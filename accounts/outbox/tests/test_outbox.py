"""Writing messages, the order in which they are sent, and how they end without being sent."""

import gc
from collections import Counter
from datetime import timedelta
from itertools import cycle
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from accounts.outbox import registry, sending, services
from accounts.outbox.mail import message_id
from accounts.outbox.models import WAITING, Channel, Message, Priority, State
from accounts.outbox.registry import Drop, Later, UnknownKind, register
from accounts.outbox.sending import Sent, send_due
from accounts.outbox.services import NewMessage, clear_old_messages, write, write_many
from accounts.outbox.state import outbox_state
from tests.support.constraints import refused_by
from tests.support.factories import make_user
from tests.support.mail_server import mail_server
from tests.support.outbox import let_time_pass

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def compose(message: Message) -> Any:
    """What `data` asks for: a mail, a later look, or none."""
    if "later" in message.data:
        return Later(timezone.now() + timedelta(hours=message.data["later"]))
    if "drop" in message.data:
        return Drop(message.data["drop"])
    return EmailMultiAlternatives(message.kind, "Hello")


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three kinds, one of each priority. The next message is the most urgent one."""
    monkeypatch.setattr(registry, "_kinds", dict(registry._kinds))
    monkeypatch.setattr(sending, "_leads", cycle([0]))
    for kind, priority in (("ticket", 0), ("money", 1), ("reminder", 2)):
        register(kind, label=kind, compose=compose, priority=Priority(priority))


@pytest.fixture
def user() -> User:
    return make_user("asha@example.com")


def owe(count: int, user: User, kind: str = "ticket") -> None:
    done = Message.objects.count()
    write_many(NewMessage(kind, f"{kind}:{done + n}", user) for n in range(count))


def test_a_key_is_written_once(user: User) -> None:
    assert write("ticket", key="ticket:1", user=user, data={"seat": "A1"})
    assert not write("money", key="ticket:1", user=user)
    again = [NewMessage("ticket", "ticket:1", user), NewMessage("ticket", "ticket:2", user.pk)]
    assert write_many(again) == 1
    assert send_due().sent == 2
    assert not write("ticket", key="ticket:1", user=user), "also after it was sent"
    first = Message.objects.get(key="ticket:1")
    assert (first.kind, first.data, first.priority) == ("ticket", {"seat": "A1"}, 0)


def test_an_unknown_kind_is_refused_before_anything_is_written(user: User) -> None:
    with pytest.raises(UnknownKind):
        write("gossip", key="gossip:1", user=user)
    with pytest.raises(UnknownKind):
        write("ticket", key="ticket:1", user=user, channel=Channel.PUSH)


def test_a_message_is_lost_with_its_transaction(user: User) -> None:
    with transaction.atomic():
        write("ticket", key="ticket:1", user=user)
        transaction.set_rollback(True)
    assert not Message.objects.exists()


def test_the_most_urgent_goes_first_and_then_what_is_due_longest(user: User) -> None:
    for number, kind in enumerate(["reminder", "money", "ticket", "reminder", "ticket"]):
        write(kind, key=f"{number}", user=user, data={"n": number})
    Message.objects.filter(key="4").update(next_try_at=timezone.now() - DAY)
    keys = []
    while message := sending.claim_next():
        keys.append(message.key)
    assert keys == ["4", "2", "1", "0", "3"]


def test_endless_tickets_delay_reminders_but_do_not_stop_them(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(registry, "_kinds", dict(registry._kinds))
    for kind, priority in (("ticket", 0), ("money", 1), ("reminder", 2)):
        register(kind, label=kind, compose=compose, priority=Priority(priority))
    for kind in ("ticket", "money", "reminder"):
        owe(16, user, kind)
    claimed = Counter(message.kind for _ in range(16) if (message := sending.claim_next()))
    assert claimed == {"ticket": 12, "money": 2, "reminder": 2}


def test_a_message_is_not_sent_before_it_is_due_nor_after_its_end(user: User) -> None:
    now = timezone.now()
    write("reminder", key="early", user=user, due_at=now + DAY)
    write("reminder", key="late", user=user, expires_at=now - timedelta(seconds=1))
    write("reminder", key="good", user=user, expires_at=now + DAY)
    assert send_due() == Sent(sent=1, dropped=1)
    late = Message.objects.get(key="late")
    assert (late.state, late.last_error) == (State.DROPPED, "Its time has passed.")
    let_time_pass(25)
    Message.objects.filter(key="early").update(expires_at=now)
    assert send_due() == Sent(dropped=1)


def test_a_later_message_counts_no_try_and_is_not_late(user: User) -> None:
    write("ticket", key="1", user=user, data={"later": 1})
    assert send_due() == Sent()
    message = Message.objects.get()
    assert (message.state, message.attempts, message.claimed_until) == (State.WAITING, 0, None)
    assert message.next_try_at > timezone.now() + timedelta(minutes=50)
    assert outbox_state(at=timezone.now())[Channel.MAIL].age == timedelta()


def test_a_message_that_its_app_drops_says_why(user: User) -> None:
    write("ticket", key="1", user=user, data={"drop": "The hold was not confirmed."})
    assert send_due() == Sent(dropped=1)
    message = Message.objects.get()
    assert (message.state, message.last_error) == (State.DROPPED, "The hold was not confirmed.")
    assert mail.outbox == []


def test_a_mail_without_an_address_is_dropped() -> None:
    write("ticket", key="1")
    assert send_due() == Sent(dropped=1)


def test_a_given_address_wins_over_the_persons(user: User) -> None:
    write("ticket", key="1", user=user, address="old@example.com")
    User.objects.update(is_active=False)
    assert send_due().sent == 1
    assert mail.outbox[0].to == ["old@example.com"]


def test_every_try_has_the_same_message_id(user: User, settings: Settings) -> None:
    write("ticket", key="ticket:1", user=user)
    with mail_server() as server:
        server.receive_from(settings)
        send_due()
        Message.objects.update(sent_at=None)
        send_due()
        ids = {str(received["Message-ID"]) for received in server.received}
        assert len(server.received) == 2
        assert len(ids) == 1
        assert server.received[0]["Auto-Submitted"] == "auto-generated"
    assert message_id(Message(key="ticket:1", kind="a")) != message_id(
        Message(key="ticket:2", kind="a")
    )


def test_a_mail_of_the_earlier_release_keeps_its_message_id(settings: Settings) -> None:
    settings.SITE_URL = "https://tickets.example"
    old = Message(key="notice-0b5c-17", kind="show-moved")
    assert message_id(old) == "<notice-0b5c-17@tickets.example>"


def test_what_the_database_refuses(user: User) -> None:
    write("ticket", key="1", user=user)
    now = timezone.now()
    for rule, values in (
        ("message_ends_once", {"sent_at": now, "handled_at": now}),
        ("message_channel_known", {"channel": "fax"}),
        ("message_priority_known", {"priority": 3}),
    ):
        with refused_by(rule):
            Message.objects.update(**values)


def test_a_run_keeps_no_mail_in_memory_that_it_has_sent(
    user: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`python -m bench.mails` measures the memory of 10,000 mails."""
    alive: list[int] = []
    claim = sending.claim_next

    def claim_and_count(channel: Channel) -> Message | None:
        gc.collect()
        kept = [each for each in gc.get_objects() if isinstance(each, EmailMultiAlternatives)]
        alive.append(len(kept))
        return claim(channel)

    monkeypatch.setattr(sending, "claim_next", claim_and_count)
    monkeypatch.setattr(sending, "RUN_SECONDS", 600)
    owe(8, user)
    with mail_server() as server:
        server.receive_from(settings)
        server.keeps = False
        assert send_due().sent == server.count == 8
    # The last mail sent may still be in a variable.
    assert max(alive) <= alive[0] + 1


def test_old_messages_are_deleted_unless_they_wait_belong_to_a_show_or_were_given_up(
    user: User,
) -> None:
    for key in ("sent", "waits", "given up", "show"):
        write("ticket", key=key, user=user, show_id=1 if key == "show" else None)
    now = timezone.now()
    Message.objects.filter(key__in=["sent", "show"]).update(sent_at=now)
    Message.objects.filter(key="given up").update(given_up_at=now)
    assert clear_old_messages() == 0
    Message.objects.update(created_at=now - services.KEEP - DAY)
    assert clear_old_messages() == 1
    assert not Message.objects.filter(key="sent").exists()


def test_a_closed_account_gets_nothing_more_and_its_addresses_are_forgotten(user: User) -> None:
    write("ticket", key="1", user=user, address="asha@example.com")
    write("ticket", key="2", user=user, address="asha@example.com")
    Message.objects.filter(key="2").update(sent_at=timezone.now())
    assert services.drop_for(user) == 1
    assert not Message.objects.exclude(address="").exists()
    assert not Message.objects.filter(WAITING).exists()

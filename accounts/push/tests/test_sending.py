"""Push messages on their way to a real push service."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from pytest_django import Settings

from accounts.models import User
from accounts.outbox import registry, sending
from accounts.outbox.models import Channel, Message, Priority, State
from accounts.push import transport
from accounts.push.content import Content
from accounts.push.kinds import Event, register_kind, write_events
from accounts.push.models import Subscription, Topic
from accounts.push.sending import FORGET_AFTER, HOST_FAILURES, send_due_pushes
from accounts.push.transport import TIMEOUT_SECONDS
from bookmyshow.core.time import database_now
from tests.support.factories import make_user
from tests.support.push_service import (
    DRIP,
    FLOOD,
    MISBEHAVE_SECONDS,
    SILENCE,
    PushService,
    hurried,
    push_service_running,
    self_signed,
    subscribe,
)

KIND = "test-push"
pytestmark = pytest.mark.django_db


@pytest.fixture
def user(db: None) -> User:
    return make_user()


@pytest.fixture(autouse=True)
def kind() -> Iterator[None]:
    def compose(message: Message) -> Content:
        ttl = int((message.expires_at - database_now()).total_seconds())  # type: ignore[operator]
        return Content("Her starts at 19:30", "Regal: C4", "/bookings/", "show-1", ttl)

    register_kind(KIND, label="A test", topic=Topic.SHOW, compose=compose, priority=Priority.NORMAL)
    yield
    registry._kinds.pop((Channel.PUSH, KIND))


def write(user: User, key: str = "event", *, seconds: float = 3600) -> int:
    ends = database_now() + timedelta(seconds=seconds)
    return write_events([Event(KIND, key, user.pk, expires_at=ends)], topic=Topic.SHOW)


def send() -> sending.Sent:
    return sending.send_due(Channel.PUSH)


def the_message() -> Message:
    return Message.objects.get(channel=Channel.PUSH)


def count(outcome: str) -> float:
    return REGISTRY.get_sample_value("bookmyshow_pushes_total", {"outcome": outcome}) or 0


def make_due() -> None:
    Message.objects.update(next_try_at=database_now())


def test_a_message_arrives_encrypted_and_signed(user: User, push_service: PushService) -> None:
    browser = push_service.browser()
    subscribe(user, browser)
    sent_before = count("sent")
    began = time.monotonic()
    assert write(user) == 1
    assert write(user) == 0, "the same event is written once"
    assert send().sent == 1
    (received,) = push_service.received
    assert received.message == {
        "title": "Her starts at 19:30",
        "body": "Regal: C4",
        "url": "/bookings/",
        "tag": "show-1",
    }
    # In whole seconds, less what the test took.
    assert 3599 - (time.monotonic() - began) <= received.ttl <= 3600
    assert received.headers["urgency"] == "normal"
    assert len(received.headers["topic"]) == 32
    assert the_message().state == State.SENT
    assert count("sent") == sent_before + 1


def test_each_browser_of_a_person_gets_it(user: User, push_service: PushService) -> None:
    browsers = [push_service.browser() for _ in range(3)]
    for browser in browsers:
        subscribe(user, browser)
    subscribe(make_user(), push_service.browser())
    assert write(user) == 3
    assert send().sent == 3
    assert [len(push_service.messages_to(browser)) for browser in browsers] == [1, 1, 1]


def test_a_topic_that_was_not_chosen_is_not_told(user: User, push_service: PushService) -> None:
    subscribe(user, push_service.browser(), Topic.HOLD)
    assert write(user) == 0


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_forgotten(
    status: int, user: User, push_service: PushService
) -> None:
    subscribe(user, push_service.browser(status))
    write(user)
    assert send().dropped == 1
    assert not Subscription.objects.exists()
    assert the_message().state == State.DROPPED
    assert send() == sending.Sent()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_push_service_that_is_busy_is_asked_again(
    status: int, user: User, push_service: PushService
) -> None:
    browser = push_service.browser(status)
    row = subscribe(user, browser)
    write(user)
    assert send().failed == 1
    message = the_message()
    assert message.state == State.WAITING
    assert message.next_try_at > database_now()
    assert str(status) in message.last_error
    row.refresh_from_db()
    assert row.failing_since
    push_service.answer(browser, 201)
    make_due()
    assert send().sent == 1
    row.refresh_from_db()
    assert row.failing_since is None


def test_nothing_is_sent_after_its_time(user: User, push_service: PushService) -> None:
    browser = push_service.browser(503)
    subscribe(user, browser)
    write(user)
    assert send().failed == 1
    push_service.answer(browser, 201)
    Message.objects.update(next_try_at=database_now(), expires_at=database_now())
    assert send().dropped == 1
    assert push_service.received == []
    assert the_message().state == State.DROPPED


@pytest.mark.parametrize("status", [400, 401, 403, 413])
def test_a_message_that_is_refused_is_given_up(
    status: int, user: User, push_service: PushService
) -> None:
    subscribe(user, push_service.browser(status))
    write(user)
    assert send().failed == 1
    assert the_message().state == State.GIVEN_UP
    assert Subscription.objects.exists()


def test_no_redirect_is_followed(user: User, push_service: PushService) -> None:
    other = push_service.browser()
    push_service.answer_headers["Location"] = other.endpoint
    subscribe(user, push_service.browser(307))
    write(user)
    assert send().failed == 1
    assert push_service.requests == 1
    assert the_message().state == State.GIVEN_UP


@pytest.mark.parametrize("how", [SILENCE, DRIP, FLOOD])
def test_a_push_service_that_never_finishes_costs_some_seconds_and_no_memory(
    how: str, user: User, push_service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurried(push_service, monkeypatch, seconds=0.5)
    subscribe(user, push_service.browser(how))
    good = push_service.browser()
    subscribe(user, good)
    write(user)
    started = time.monotonic()
    done = send()
    assert time.monotonic() - started < MISBEHAVE_SECONDS / 2
    # Of a flood only the status is read: the message was taken.
    assert (done.sent, done.failed) == ((2, 0) if how == FLOOD else (1, 1))
    assert len(push_service.messages_to(good)) == 1


def test_the_limit_of_time_is_five_seconds() -> None:
    assert TIMEOUT_SECONDS == 5.0


def test_a_silent_host_is_not_asked_for_ever_in_one_run(
    user: User, push_service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = hurried(push_service, monkeypatch, seconds=0.2)
    for _ in range(HOST_FAILURES + 3):
        subscribe(user, push_service.browser(SILENCE))
    write(user)
    assert send().failed == HOST_FAILURES + 3
    assert len(asked) == HOST_FAILURES


def test_a_browser_that_fails_for_weeks_is_forgotten(user: User, push_service: PushService) -> None:
    row = subscribe(user, push_service.browser(500))
    Subscription.objects.filter(pk=row.pk).update(failing_since=database_now() - FORGET_AFTER)
    write(user)
    send()
    assert not Subscription.objects.exists()


def test_an_endpoint_that_became_private_is_forgotten(
    user: User, push_service: PushService, settings: Settings
) -> None:
    subscribe(user, push_service.browser())
    write(user)
    settings.PUSH_TEST_ORIGIN = ""
    assert send().dropped == 1
    assert push_service.requests == 0
    assert not Subscription.objects.exists()


def test_what_changed_since_it_was_written_counts(
    user: User, push_service: PushService, settings: Settings
) -> None:
    row = subscribe(user, push_service.browser())
    write(user, "topic")
    Subscription.objects.filter(pk=row.pk).update(show=False)
    assert send().dropped == 1
    Subscription.objects.filter(pk=row.pk).update(show=True)
    write(user, "account")
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert send().dropped == 1
    User.objects.filter(pk=user.pk).update(is_active=True)
    write(user, "key")
    settings.VAPID_PRIVATE_KEY = settings.VAPID_PRIVATE_KEY[::-1]
    assert send().dropped == 1
    assert not Subscription.objects.exists(), "a browser accepts nothing of another key"
    assert push_service.requests == 0


@pytest.mark.django_db(transaction=True)
def test_a_run_has_several_threads(
    user: User, push_service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two silent push services keep two threads; the third sends to all others meanwhile."""
    silent = [push_service.browser(SILENCE) for _ in range(2)]
    for browser in silent:
        subscribe(user, browser)
    write(user, "silent")
    others = [push_service.browser() for _ in range(3)]
    second = make_user()
    for browser in others:
        subscribe(second, browser)
    write(second, "others")

    def release_when_sent(*args: Any) -> None:
        original(*args)
        if len(push_service.received) == 3:
            push_service.stopping.set()

    original = push_service.note
    monkeypatch.setattr(push_service, "note", release_when_sent)
    assert send_due_pushes() == 3
    assert Message.objects.waiting().count() == 2


def test_over_tls_the_certificate_is_checked(
    user: User, push_service: PushService, settings: Settings, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    context, certificate = self_signed("localhost", tmp_path)
    with push_service_running(context, "localhost") as service:
        settings.PUSH_TEST_ORIGIN = service.origin
        browser = service.browser()
        subscribe(user, browser)
        write(user)
        assert send().failed == 1
        assert service.received == []
        # With the authority in the system's list, the same message arrives.
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        transport._tls.cache_clear()
        make_due()
        assert send().sent == 1
        assert len(service.messages_to(browser)) == 1
    monkeypatch.undo()
    transport._tls.cache_clear()

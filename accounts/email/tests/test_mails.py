from collections.abc import Callable, Iterator
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
import redis
from celery.exceptions import SoftTimeLimitExceeded
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts import services
from accounts.email import queue as mail_queue
from accounts.models import User
from bookmyshow.celery import app
from tests.support.factories import make_user
from tests.support.live_site import free_port
from tests.support.servers import OwnValkey

Broker = Callable[[str], None]
pytestmark = pytest.mark.django_db
RESET, CHANGE = "/accounts/password-reset/", "/accounts/profile/password/"
PASSWORD, ANOTHER = "marquee lights 9", "a quieter lobby 7"


@pytest.fixture
def user() -> User:
    return make_user("asha@example.com", PASSWORD, name="Free tickets: evil.example")


@pytest.fixture
def broker() -> Iterator[Callable[[str], None]]:
    """Tasks go to the broker, but no worker runs. Call it with another address to use that."""

    def at(url: str) -> None:
        app.conf.broker_write_url = url

    app.conf.task_always_eager, usual = False, app.conf.broker_write_url
    yield at
    app.conf.task_always_eager, app.conf.broker_write_url = True, usual


def body(message: Any) -> str:
    return f"{message.subject}\n{message.body}\n{message.alternatives[0].content}"


def test_a_reset_link_leads_to_the_site_whatever_host_the_request_names(
    client: Client, user: User, settings: Settings
) -> None:
    settings.SITE_URL = "https://tickets.example"
    settings.ALLOWED_HOSTS = ["*"]
    client.post(RESET, {"email": user.email}, headers={"Host": "evil.example:8443"})
    (message,) = mail.outbox
    assert body(message).count("https://tickets.example/accounts/password-reset/") == 2
    assert "evil.example" not in body(message)


@pytest.mark.parametrize("fields", [{"is_active": False}, {"password": "!"}])
def test_an_account_that_cannot_log_in_gets_no_link(
    client: Client, user: User, fields: dict[str, Any]
) -> None:
    User.objects.update(**fields)
    assert client.post(RESET, {"email": user.email}).status_code == 302
    assert not mail.outbox


def test_asking_for_a_link_does_the_same_work_for_known_and_unknown_emails(
    client: Client, user: User, broker: Broker, redis_of_tests: redis.Redis
) -> None:
    def work(email: str) -> tuple[int, int, int]:
        waiting = redis_of_tests.llen(app.conf.task_default_queue)
        with CaptureQueriesContext(connection) as queries:
            client.post(RESET, {"email": email})
        waits = redis_of_tests.llen(app.conf.task_default_queue)
        return len(queries), int(waits) - int(waiting), len(mail.outbox)

    assert work(user.email) == work("nobody@example.com") == (0, 1, 0)


@pytest.mark.django_db(transaction=True)
class TestWithoutTheBroker:
    def ask(self, client: Client, email: str) -> None:
        assert client.post(RESET, {"email": email}).status_code == 302
        # The mail thread works in order, so after this call it has sent the mail.
        mail_queue._mail_thread().submit(lambda: None).result(timeout=60)

    def test_while_it_is_down_this_process_sends_the_mail(
        self, client: Client, user: User, broker: Broker
    ) -> None:
        broker(f"redis://127.0.0.1:{free_port()}/0")
        self.ask(client, user.email)
        self.ask(client, "nobody@example.com")
        assert [message.to for message in mail.outbox] == [[user.email]]

    def test_while_it_is_frozen_the_request_does_not_wait(
        self, client: Client, user: User, own_valkey: OwnValkey, broker: Broker
    ) -> None:
        broker(own_valkey.url)
        with own_valkey.frozen():
            self.ask(client, user.email)
        assert [message.to for message in mail.outbox] == [[user.email]]

    def test_a_failed_mail_does_not_stop_later_mails(
        self, client: Client, user: User, broker: Broker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        broker(f"redis://127.0.0.1:{free_port()}/0")
        with monkeypatch.context() as patched:
            patched.setattr(mail.EmailMultiAlternatives, "send", refuse)
            self.ask(client, user.email)
        assert not mail.outbox
        self.ask(client, user.email)
        assert len(mail.outbox) == 1


def refuse(self: Any) -> None:
    raise OSError("no mail server")


@pytest.mark.parametrize("error", [OSError, SMTPServerDisconnected, SoftTimeLimitExceeded])
def test_a_worker_tries_a_mail_again_that_could_not_be_sent(
    client: Client, user: User, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def refuse(self: Any) -> None:
        raise error

    send, tries = mail.EmailMultiAlternatives.send, iter([refuse, refuse])
    monkeypatch.setattr(mail.EmailMultiAlternatives, "send", lambda self: next(tries, send)(self))
    client.post(RESET, {"email": user.email})
    assert len(mail.outbox) == 1


def test_a_mail_that_takes_too_long_is_stopped_before_celery_kills_the_task(
    settings: Settings,
) -> None:
    for task in (mail_queue.mail_reset_link, mail_queue.mail_password_changed):
        assert task.soft_time_limit < settings.CELERY_TASK_TIME_LIMIT


def test_a_changed_password_is_mailed_to_the_account(
    client: Client, user: User, django_capture_on_commit_callbacks: Any
) -> None:
    client.force_login(user)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(CHANGE, {"password": PASSWORD, "new_password": ANOTHER})
    (message,) = mail.outbox
    assert message.to == [user.email]
    assert "was changed on" in body(message)


def test_a_reset_password_is_mailed_to_the_account_too(
    user: User, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        services.set_password(user=user, password=ANOTHER)
    assert [message.to for message in mail.outbox] == [[user.email]]


def test_mails_about_an_account_do_not_contain_its_name(
    client: Client, user: User, django_capture_on_commit_callbacks: Any
) -> None:
    client.post(RESET, {"email": user.email})
    with django_capture_on_commit_callbacks(execute=True):
        services.set_password(user=user, password=ANOTHER)
    assert len(mail.outbox) == 2
    assert not [message for message in mail.outbox if "evil.example" in body(message)]

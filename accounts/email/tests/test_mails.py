from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from kombu.exceptions import OperationalError
from pytest_django import Settings
from redis.exceptions import ConnectionError as NoConnection

from accounts import services
from accounts.email import old_tasks
from accounts.models import User
from accounts.outbox.models import Message
from accounts.outbox.sending import send_due
from bookmyshow.celery import app, send_at_once
from tests.support.deployed_site import free_port
from tests.support.factories import make_user
from tests.support.mail_server import mail_server
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
    send_due()
    (message,) = mail.outbox
    assert body(message).count("https://tickets.example/accounts/password-reset/") == 2
    assert "evil.example" not in body(message)


@pytest.mark.parametrize("fields", [{"is_active": False}, {"password": "!"}])
def test_an_account_that_cannot_log_in_gets_no_link(
    client: Client, user: User, fields: dict[str, Any]
) -> None:
    User.objects.update(**fields)
    assert client.post(RESET, {"email": user.email}).status_code == 302
    send_due()
    assert not mail.outbox


def test_asking_for_a_link_does_the_same_work_for_known_and_unknown_emails(
    client: Client, user: User
) -> None:
    def work(email: str) -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            client.post(RESET, {"email": email})
        return [query["sql"].split()[0] for query in queries]

    assert work(user.email) == work("nobody@example.com")
    assert not mail.outbox
    known, unknown = Message.objects.order_by("pk")
    assert (known.user, unknown.user) == (user, None)
    assert "nobody" not in str(Message.objects.values()), "a stranger's address is not kept"
    assert send_due().dropped == 1


def test_a_row_has_no_link_and_no_token(client: Client, user: User) -> None:
    client.post(RESET, {"email": user.email})
    services.set_password(user=user, password=ANOTHER)
    rows = str(list(Message.objects.values()))
    assert "http" not in rows
    assert [message.data for message in Message.objects.filter(kind="password-reset")] == [{}]


@pytest.mark.django_db(transaction=True)
class TestWithoutTheBroker:
    def test_while_it_is_down_the_mail_waits_for_a_worker(
        self, client: Client, user: User, broker: Broker
    ) -> None:
        broker(f"redis://127.0.0.1:{free_port()}/0")
        assert client.post(RESET, {"email": user.email}).status_code == 302
        assert send_due().sent == 1

    def test_a_request_that_asks_itself_does_not_try_again(
        self, broker: Broker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        broker(f"redis://127.0.0.1:{free_port()}/0")
        monkeypatch.setattr("kombu.utils.functional.sleep", lambda _seconds: pytest.fail("a pause"))
        with pytest.raises((NoConnection, OperationalError)):
            send_at_once("accounts.tasks.send_mail")

    def test_while_it_is_frozen_the_request_does_not_wait(
        self,
        client: Client,
        user: User,
        own_valkey: OwnValkey,
        broker: Broker,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """The nudge waits for the broker in a thread of its own. If the request waited too, this
        test would not end."""
        monkeypatch.setattr("bookmyshow.celery.BROKER_SECONDS", 3_600.0)
        broker(own_valkey.url)
        with own_valkey.frozen():
            assert client.post(RESET, {"email": user.email}).status_code == 302
        assert send_due().sent == 1


def test_a_mail_that_could_not_be_sent_is_tried_again(
    client: Client, user: User, settings: Settings
) -> None:
    with mail_server() as server:
        server.receive_from(settings)
        server.greeting = "421 too busy"
        client.post(RESET, {"email": user.email})
        assert send_due().failed == 1
        server.greeting = "220 at your service"
        Message.objects.update(next_try_at=timezone.now())
        assert send_due().sent == 1


@pytest.mark.parametrize(
    ("task", "arguments"),
    [
        ("mail_reset_link", ["asha@example.com"]),
        ("mail_confirmation_link", [None]),
        ("mail_password_changed", [None, "1 May 2026, 10:00 UTC"]),
        ("mail_account_changed", ["asha@example.com", "name", "Ravi", "1 May 2026, 10:00 UTC"]),
    ],
)
def test_a_task_of_the_release_before_still_sends_its_mail(
    user: User, task: str, arguments: list[Any]
) -> None:
    given = [user.pk if argument is None else argument for argument in arguments]
    old_task = getattr(old_tasks, task)
    assert old_task.name == f"accounts.mail_queue.{task}"
    old_task.delay(*given)
    send_due()
    assert [message.to for message in mail.outbox] == [[user.email]]


def test_a_changed_password_is_mailed_to_the_account(client: Client, user: User) -> None:
    client.force_login(user)
    client.post(CHANGE, {"password": PASSWORD, "new_password": ANOTHER})
    send_due()
    (message,) = mail.outbox
    assert message.to == [user.email]
    assert "was changed on" in body(message)


def test_a_reset_password_is_mailed_to_the_account_too(user: User) -> None:
    services.set_password(user=user, password=ANOTHER)
    send_due()
    assert [message.to for message in mail.outbox] == [[user.email]]


def test_mails_about_an_account_do_not_contain_its_name(client: Client, user: User) -> None:
    client.post(RESET, {"email": user.email})
    services.set_password(user=user, password=ANOTHER)
    send_due()
    assert len(mail.outbox) == 2
    assert not [message for message in mail.outbox if "evil.example" in body(message)]

"""A person changes the log-in address: the new one is proven by mail, the old one is told."""

from typing import Any

import pytest
from django.core import mail, signing
from django.test import Client

from accounts.email.new_address_link import SALT, new_address_token
from accounts.models import User
from accounts.outbox.models import Message
from accounts.outbox.sending import send_due
from accounts.tokens import issue_token, user_of_token
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db
PAGE, PASSWORD = "/accounts/profile/email/", "velvet-curtain-7"
OLD, NEW = "asha@example.com", "rao@example.com"


@pytest.fixture
def person() -> User:
    return make_user(OLD, PASSWORD)


@pytest.fixture
def browser(person: User) -> Client:
    client = Client()
    assert client.login(username=OLD, password=PASSWORD)
    return client


def ask(browser: Client, email: str = NEW, password: str = PASSWORD) -> Any:
    return browser.post(PAGE, {"email": email, "password": password})


def test_the_address_changes_only_after_its_link_was_followed(
    browser: Client, person: User, settings: Any
) -> None:
    assert ask(browser).status_code == 302
    send_due()
    (message,) = mail.outbox
    assert message.to == [NEW]
    (link,) = [line for line in message.body.splitlines() if line.startswith("http")]
    path = link.removeprefix(settings.SITE_URL)

    page = browser.get(path)
    assert (page["Referrer-Policy"], page["X-Robots-Tag"]) == ("strict-origin", "noindex")
    assert NEW in page.content.decode()
    person.refresh_from_db()
    assert person.email == OLD, "mail scanners open links"

    other, token = Client(), issue_token(person)
    other.force_login(person)
    assert browser.post(path).status_code == 302
    assert other.get("/accounts/profile/").status_code == 302, "logged out elsewhere"
    assert user_of_token(token) is None
    person.refresh_from_db()
    assert (person.email, person.email_confirmed_at is not None) == (NEW, True)
    assert browser.get("/accounts/profile/").status_code == 200, "still logged in"
    send_due()
    assert [message.to for message in mail.outbox] == [[NEW], [OLD]]
    assert "was changed" in mail.outbox[1].subject

    assert browser.post(path).status_code == 410, "the link works once"
    assert Message.objects.filter(kind="login-address-changed").count() == 1


@pytest.mark.parametrize(
    ("email", "password", "error"),
    [
        (NEW, "wrong", "That isn’t your password"),
        (OLD, PASSWORD, "This is your address already"),
        ("Taken@Example.com", PASSWORD, "An account with this email exists"),
        ("nonsense", PASSWORD, "Write an email address"),
    ],
)
def test_a_request_that_cannot_be_right_is_refused_in_words(
    browser: Client, email: str, password: str, error: str
) -> None:
    make_user("taken@example.com")
    page = ask(browser, email, password)
    assert page.status_code == 422
    assert error in page.content.decode()
    assert not Message.objects.exists()


def test_a_link_ends_with_another_change_of_the_address(browser: Client, person: User) -> None:
    path = f"/accounts/new-email/{new_address_token(person, NEW)}/"
    User.objects.update(email="moved@example.com")
    assert browser.post(path).status_code == 410
    assert User.objects.get().email == "moved@example.com"


def test_an_address_that_got_an_account_meanwhile_is_not_taken(
    browser: Client, person: User
) -> None:
    path = f"/accounts/new-email/{new_address_token(person, NEW)}/"
    make_user(NEW)
    assert browser.post(path).status_code == 410
    person.refresh_from_db()
    assert person.email == OLD


@pytest.mark.parametrize("is_somebody", [False, True])
def test_a_stranger_who_got_the_mail_by_mistake_does_not_get_the_account(
    person: User, is_somebody: bool
) -> None:
    """The owner mistyped the new address. Its mailbox is a stranger's, with the link in it."""
    path = f"/accounts/new-email/{new_address_token(person, NEW)}/"
    stranger = Client()
    if is_somebody:
        stranger.force_login(make_user("mallory@example.com"))
    for response in (stranger.get(path), stranger.post(path)):
        assert response.status_code == 403
        assert "og in with the address that you use now" in response.content.decode()
        assert OLD not in response.content.decode(), "a stranger does not learn whose it is"
        assert response["Referrer-Policy"] == "strict-origin"
    person.refresh_from_db()
    assert person.email == OLD


@pytest.mark.parametrize("token", ["x", signing.dumps([1, OLD, NEW], salt="other")])
def test_a_forged_link_changes_nothing(browser: Client, person: User, token: str) -> None:
    assert browser.post(f"/accounts/new-email/{token}/").status_code == 410
    assert SALT != "other"
    person.refresh_from_db()
    assert person.email == OLD

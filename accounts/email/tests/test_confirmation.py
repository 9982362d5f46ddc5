from typing import Any

import pytest
from django.core import mail, signing
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import services
from accounts.email.confirmation import SALT, link_token
from accounts.models import User
from accounts.privacy.services import delete_account
from accounts.tasks import send_mail
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    return make_user("asha@example.com")


def mailed_path(settings: Any) -> str:
    """The path of the link in the one mail that was sent."""
    (message,) = mail.outbox
    (link,) = [line for line in message.body.splitlines() if line.startswith("http")]
    assert link.startswith(settings.SITE_URL)
    return link.removeprefix(settings.SITE_URL)


def test_sign_up_sends_a_link_that_confirms_the_address(client: Client, settings: Any) -> None:
    person = services.sign_up(email="a@example.com", name="Eve", password="velvet-curtain-7")
    assert send_mail() == 1
    assert mail.outbox[0].to == ["a@example.com"]
    assert "Eve" not in mail.outbox[0].body, "a stranger may have chosen the name"

    path = mailed_path(settings)
    page = client.get(path)
    assert "a@example.com" in page.content.decode()
    assert not User.objects.exclude(email_confirmed_at=None), "mail scanners open links"
    assert client.post(path).status_code == 302
    person.refresh_from_db()
    assert person.email_confirmed_at is not None

    assert client.post(path).status_code == 302
    again = User.objects.get(pk=person.pk)
    assert again.email_confirmed_at == person.email_confirmed_at


@pytest.mark.parametrize("fault", ["changed", "old", "other address", "closed"])
def test_an_invalid_link_confirms_nothing(
    client: Client, person: User, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = link_token(person)
    if fault == "changed":
        token = signing.dumps([person.pk, person.email], salt=SALT, key="another key")
    elif fault == "old":
        monkeypatch.setattr("accounts.email.confirmation.LINK_SECONDS", -1)
    elif fault == "other address":
        User.objects.filter(pk=person.pk).update(email="other@example.com")
    else:
        delete_account(user=person)
    path = reverse("accounts:confirm-email", args=[token])
    for answer in (client.get(path), client.post(path)):
        assert answer.status_code == 410
        assert "doesn’t work any more" in answer.content.decode()
    person.refresh_from_db()
    assert person.email_confirmed_at is None


def test_the_profile_sends_the_link_again_until_it_is_followed(
    client: Client, person: User
) -> None:
    client.force_login(person)
    profile, send = reverse("accounts:profile"), reverse("accounts:send-confirmation-link")
    assert send in client.get(profile).content.decode()
    body = client.post(send, follow=True).content.decode()
    assert "We have sent a new link to asha@example.com" in body
    assert send_mail() == 1
    User.objects.update(email_confirmed_at=timezone.now())
    assert send not in client.get(profile).content.decode()
    assert "confirmed already" in client.post(send, follow=True).content.decode()


def test_the_link_is_sent_a_few_times_an_hour(client: Client, person: User, settings: Any) -> None:
    settings.RATE_LIMITS = True
    client.force_login(person)
    send = reverse("accounts:send-confirmation-link")
    assert [client.post(send).status_code for _ in range(6)] == [302] * 5 + [429]


def test_only_a_password_reset_by_mail_confirms_the_address(person: User) -> None:
    services.set_password(user=person, password="velvet-curtain-7")
    assert person.email_confirmed_at is None
    services.set_password(user=person, password="velvet-curtain-8", by_mail=True)
    person.refresh_from_db()
    assert person.email_confirmed_at is not None


def test_another_address_given_by_staff_is_not_confirmed(admin_client: Client) -> None:
    person = make_user("before@example.com", email_confirmed_at=timezone.now())
    path = reverse("admin:accounts_user_change", args=[person.pk])
    form = {"email": "after@example.com", "name": person.name, "phone": "", "is_active": "on"}
    assert admin_client.post(path, form).status_code == 302
    person.refresh_from_db()
    assert (person.email, person.email_confirmed_at) == ("after@example.com", None)

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from accounts.outbox.sending import send_due
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"
PASSWORD = "marquee lights 9"


@pytest.fixture
def user() -> User:
    return make_user("asha@example.com", PASSWORD)


def test_email_in_any_case_and_password_log_in(client: Client, user: User) -> None:
    response = client.post(LOGIN, {"username": "ASHA@example.com", "password": PASSWORD})
    assert response["Location"] == reverse("listings:home")
    assert client.session["_auth_user_id"] == str(user.pk)


@pytest.mark.parametrize("email", ["asha@example.com", "nobody@example.com"])
def test_a_wrong_password_and_an_unknown_email_get_the_same_answer(
    client: Client, user: User, email: str
) -> None:
    response = client.post(LOGIN, {"username": email, "password": "wrong"})
    assert "don’t go together" in response.content.decode()


def test_a_closed_account_cannot_log_in(client: Client, user: User) -> None:
    User.objects.update(is_active=False)
    client.post(LOGIN, {"username": user.email, "password": PASSWORD})
    assert "_auth_user_id" not in client.session


def test_a_page_for_members_asks_to_log_in_and_then_opens(client: Client, user: User) -> None:
    response = client.get("/accounts/profile/", follow=True)
    assert "Please log in." in response.content.decode()
    assert 'name="next" value="/accounts/profile/"' in response.content.decode()
    credentials = {"username": user.email, "password": PASSWORD, "next": "/accounts/profile/"}
    assert client.post(LOGIN, credentials)["Location"] == "/accounts/profile/"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:x"])
def test_logging_in_never_leads_off_the_site(client: Client, user: User, elsewhere: str) -> None:
    credentials = {"username": user.email, "password": PASSWORD, "next": elsewhere}
    assert client.post(LOGIN, credentials)["Location"] == reverse("listings:home")


def test_the_session_id_changes_at_log_in(client: Client, user: User) -> None:
    session = client.session
    session["seen"] = True
    session.save()
    before = session.session_key or ""
    client.cookies["sessionid"] = before
    client.post(LOGIN, {"username": user.email, "password": PASSWORD})
    assert client.session.session_key != before


def test_logging_out_needs_a_post(client: Client, user: User) -> None:
    client.force_login(user)
    assert client.get("/accounts/logout/").status_code == 405
    assert "_auth_user_id" in client.session
    client.post("/accounts/logout/")
    assert "_auth_user_id" not in client.session


def test_a_forgotten_password_is_replaced_through_a_mailed_link(
    client: Client, user: User, settings: Settings
) -> None:
    settings.SITE_URL = "https://tickets.example"
    version = user.token_version
    client.post("/accounts/password-reset/", {"email": "Asha@example.com"})
    send_due()
    message = mail.outbox[0]
    assert isinstance(message, mail.EmailMultiAlternatives)
    assert message.to == [user.email]
    path = re.search(r"https://tickets\.example(\S+)", str(message.body))
    assert path
    assert path[1] in str(message.alternatives[0][0])

    page = client.get(path[1], follow=True)
    where = page.redirect_chain[-1][0]
    refused = client.post(where, {"new_password": "12345678"})
    assert "too common" in refused.content.decode()
    client.post(where, {"new_password": "a quieter lobby 7"})
    user.refresh_from_db()
    assert user.check_password("a quieter lobby 7")
    assert user.token_version == version + 1
    assert "This link has had its day" in client.get(path[1], follow=True).content.decode()


def test_a_reset_for_an_unknown_email_sends_nothing_and_looks_the_same(client: Client) -> None:
    response = client.post("/accounts/password-reset/", {"email": "x@example.com"}, follow=True)
    assert "Look in your mail" in response.content.decode()
    send_due()
    assert not mail.outbox

from collections.abc import Iterator
from unittest.mock import patch

import pytest
from django.contrib.auth.hashers import identify_hasher
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts import services
from accounts.forms import SignUpForm
from accounts.models import User
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db

URL = "/accounts/signup/"
DETAILS = {"name": "Asha Rao", "email": "Asha@Example.com", "password": "marquee lights 9"}


@pytest.fixture
def bcrypt(settings: object) -> Iterator[None]:
    hashers = ["django.contrib.auth.hashers.BCryptSHA256PasswordHasher"]
    with patch.object(settings, "PASSWORD_HASHERS", hashers):
        yield


def test_signing_up_opens_an_account_and_logs_in(client: Client) -> None:
    response = client.post(URL, DETAILS, follow=True)
    user = User.objects.get()
    assert (user.name, user.email) == ("Asha Rao", "Asha@example.com")
    assert response.context["user"] == user
    assert "Welcome, Asha." in response.content.decode()


def test_passwords_are_stored_by_bcrypt_with_ten_rounds_or_more(
    client: Client, bcrypt: None
) -> None:
    client.post(URL, DETAILS)
    password = User.objects.get().password
    hasher = identify_hasher(password)
    assert hasher.algorithm == "bcrypt_sha256"
    assert int(hasher.safe_summary(password)["work factor"]) >= 10


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"name": " "}, "name", "Tell us your name."),
        ({"email": ""}, "email", "Write your email address."),
        ({"email": "asha@"}, "email", "Write an email address, for example"),
        ({"password": ""}, "password", "Choose a password."),
        ({"password": "short"}, "password", "too short"),
        ({"password": "password1"}, "password", "too common"),
        ({"password": "asha@example"}, "password", "too similar to the email"),
    ],
)
def test_errors_are_shown_at_their_field(
    client: Client, change: dict[str, str], field: str, words: str
) -> None:
    response = client.post(URL, DETAILS | change)
    assert response.status_code == 422
    assert words in " ".join(response.context["form"].errors[field])
    assert 'aria-invalid="true"' in response.content.decode()
    assert not User.objects.exists()


def test_an_email_has_one_account_in_whatever_case(client: Client) -> None:
    make_user("asha@example.com")
    response = client.post(URL, DETAILS)
    assert "An account with this email exists." in response.content.decode()
    assert User.objects.count() == 1


def test_two_signups_at_once_make_one_account_and_one_error() -> None:
    form = SignUpForm(DETAILS)
    assert form.is_valid()
    services.sign_up(email="asha@example.com", name="Other", password="marquee lights 9")
    assert form.save(RequestFactory().post("/")) is None
    assert "email" in form.errors


def test_a_field_is_checked_when_it_is_left(client: Client) -> None:
    make_user("asha@example.com")
    taken = client.post(f"{URL}check/email/", {"email": "ASHA@example.com"})
    assert "An account with this email exists." in taken.content.decode()
    assert 'href="/accounts/login/#email=ASHA%40example.com"' in taken.content.decode()
    fine = client.post(f"{URL}check/email/", {"email": "new@example.com"})
    assert "An account" not in fine.content.decode()
    assert client.post(f"{URL}check/is_staff/", {}).status_code == 400


def test_signing_up_redirects_to_next_but_never_off_the_site(client: Client) -> None:
    response = client.post(URL, DETAILS | {"next": "/accounts/profile/?seats=A1"})
    assert response["Location"] == "/accounts/profile/?seats=A1"
    client.logout()
    elsewhere = DETAILS | {"email": "b@example.com", "next": "https://evil.example/"}
    assert client.post(URL, elsewhere)["Location"] == reverse("listings:home")


def test_a_form_cannot_make_staff(client: Client) -> None:
    client.post(URL, DETAILS | {"is_staff": "on", "is_superuser": "on"})
    user = User.objects.get()
    assert not user.is_staff
    assert not user.is_superuser


def test_log_in_instead_keeps_next_and_the_email(client: Client) -> None:
    make_user("asha@example.com")
    answer = client.post(
        URL, DETAILS | {"email": " asha@example.com ", "next": "/shows/7/?seats=A1"}
    )
    link = '<a href="/accounts/login/?next=%2Fshows%2F7%2F%3Fseats%3DA1#email=asha%40example.com">'
    assert f"{link}Log in instead</a>" in answer.content.decode()
    answer = client.post(URL, DETAILS | {"email": "asha@", "next": "/shows/7/"})
    assert "Log in instead" not in answer.content.decode()

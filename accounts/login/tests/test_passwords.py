from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from bookmyshow.site.demo.accounts import CUSTOMER_EMAIL, PUBLIC_PASSWORD
from tests.support.api_client import ApiInProcess

ASHA = User(email="asha.mehta@example.com", name="Āsha Mehta")
EASY = [
    "velvet-cur7",  # eleven characters
    "bookmyshow1",
    "bookmyshow2026!",
    "B00kMy$how-2026",
    "ＢｏｏｋＭｙＳｈｏｗ2026",
    "tickets.example-26",
    "ashamehta1994",
    "Asha.Mehta@Example.com",
    "mehta-mehta-mehta",
    "password1234",
    "movie-tickets-99",
    "aaaaaaaaaaaab",
    "481516234281",
]
GOOD = ["velvet-curtain-7", "marquee lights 9", "asha likes quiet lobbies", PUBLIC_PASSWORD]


@pytest.fixture(autouse=True)
def site(settings: Settings) -> None:
    settings.SITE_URL = "https://tickets.example"


@pytest.mark.parametrize("password", EASY)
def test_an_easy_password_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, ASHA)


def test_a_short_password_is_only_told_to_be_short() -> None:
    with pytest.raises(ValidationError) as refused:
        validate_password("cur7-ain", ASHA)
    assert [error.code for error in refused.value.error_list] == ["password_too_short"]


@pytest.mark.parametrize("password", GOOD)
def test_a_good_password_is_accepted(password: str) -> None:
    validate_password(password, ASHA)
    validate_password(password, User(email=CUSTOMER_EMAIL, name="Demo Customer"))
    validate_password(password)


@pytest.mark.django_db
@pytest.mark.parametrize("password", ["velvet-cur7", "asha-mehta-1994", "bookmyshow2026!"])
def test_pages_and_api_refuse_the_same_passwords(client: Client, password: str) -> None:
    person: dict[str, Any] = {"email": ASHA.email, "name": ASHA.name, "password": password}
    assert client.post("/accounts/signup/", person).status_code == 422
    reply = ApiInProcess(client).post("auth/signup", person)
    assert reply.problem == (400, "VALIDATION_ERROR")
    assert "password" in reply.details
    assert not User.objects.exists()

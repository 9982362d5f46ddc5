import json

import pytest
from django.test import Client

from accounts.models import User
from accounts.tokens import issue_token
from bookings.models import Booking
from tests.support.factories import make_booking, make_show, make_user

pytestmark = pytest.mark.django_db

PROFILE = "/accounts/profile/"
PASSWORD = "marquee lights 9"


@pytest.fixture
def user(client: Client) -> User:
    user = make_user("asha@example.com", PASSWORD)
    client.force_login(user)
    return user


def test_name_and_phone_can_be_changed_and_nothing_else(client: Client, user: User) -> None:
    details = {"name": "Asha R", "phone": "+91 98200 12345", "email": "x@example.com"}
    page = client.post(PROFILE, details, follow=True)
    assert "Your details are saved." in page.content.decode()
    user.refresh_from_db()
    assert (user.name, user.phone, user.email) == ("Asha R", "+91 98200 12345", "asha@example.com")


def test_an_invalid_phone_number_is_refused(client: Client, user: User) -> None:
    page = client.post(PROFILE, {"name": "Asha", "phone": "call me"})
    assert page.status_code == 422
    assert "Write a phone number" in page.content.decode()


def test_changing_the_password_keeps_this_session_and_ends_the_others(
    client: Client, user: User
) -> None:
    other = Client()
    other.force_login(user)
    change = {"password": PASSWORD, "new_password": "a quieter lobby 7"}
    assert client.post(f"{PROFILE}password/", change)["Location"] == PROFILE
    assert client.get(PROFILE).status_code == 200
    assert other.get(PROFILE).status_code == 302
    version = user.token_version
    user.refresh_from_db()
    assert user.token_version == version + 1


def test_other_sessions_and_tokens_can_be_ended(client: Client, user: User) -> None:
    other = Client()
    other.force_login(user)
    bearer = {"Authorization": f"Bearer {issue_token(user)}"}
    assert other.get("/api/auth/profile", headers=bearer).status_code == 200
    page = client.post(f"{PROFILE}log-out-others/", follow=True)
    assert "Every other device and app was logged out." in page.content.decode()
    assert client.get(PROFILE).status_code == 200
    assert other.get(PROFILE).status_code == 302
    assert other.get("/api/auth/profile", headers=bearer).status_code == 401


def test_changing_the_password_needs_the_current_one(client: Client, user: User) -> None:
    change = {"password": "wrong", "new_password": "a quieter lobby 7"}
    page = client.post(f"{PROFILE}password/", change)
    assert "That isn’t your password." in page.content.decode()
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_the_export_has_only_the_persons_own_data(client: Client, user: User) -> None:
    show = make_show()
    mine = make_booking(show, ["A1", "E1"], user=user)
    make_booking(show, ["A2"])
    response = client.get(f"{PROFILE}export/")
    assert "attachment" in response["Content-Disposition"]
    data = json.loads(response.content)
    assert data["account"]["email"] == "asha@example.com"
    assert [booking["reference"] for booking in data["bookings"]] == [mine.reference]
    assert data["bookings"][0]["seats"][1] == {"label": "E1", "price": "400.00"}


def test_deleting_an_account_removes_personal_data_and_keeps_sales(
    client: Client, user: User
) -> None:
    booking = make_booking(make_show(), ["A1"], user=user)
    client.post(f"{PROFILE}delete/", {"password": PASSWORD})
    user.refresh_from_db()
    assert not user.is_active
    assert not user.has_usable_password()
    assert (user.name, user.phone) == ("", "")
    assert "asha" not in user.email
    assert "_auth_user_id" not in client.session
    kept = Booking.objects.get(pk=booking.pk)
    assert (kept.status, kept.seats) == (Booking.Status.CONFIRMED, ["A1"])
    make_user("asha@example.com", PASSWORD)


def test_deleting_needs_the_password(client: Client, user: User) -> None:
    page = client.post(f"{PROFILE}delete/", {"password": "wrong"})
    assert "That isn’t your password." in page.content.decode()
    assert User.objects.filter(email="asha@example.com", is_active=True).exists()

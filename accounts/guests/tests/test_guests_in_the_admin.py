"""Staff see guests apart from accounts (docs/spec.md §19.7)."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.outbox.models import Message
from accounts.search import ids_of_people
from bookings.dashboard.services import NEWCOMERS
from tests.support.admin_site import assert_few_queries, staff_client
from tests.support.factories import make_booking, make_guest, make_show, make_user

pytestmark = pytest.mark.django_db
USERS = "/admin/accounts/user/"


@pytest.fixture
def client(db: None) -> Client:
    return staff_client()


def emails(client: Client, **query: str) -> set[str]:
    page = client.get(USERS, query).content.decode()
    return set(re.findall(r"[a-z]+@example\.com", page.partition('id="result_list"')[2]))


def test_the_list_has_accounts_and_guests_apart(client: Client) -> None:
    make_user("asha@example.com")
    make_guest("anna@example.com")
    make_guest(email="")
    assert emails(client) == {"asha@example.com", "staff@example.com"}
    assert emails(client, kind="guests") == {"anna@example.com"}
    assert emails(client, kind="all") == {
        "asha@example.com",
        "anna@example.com",
        "staff@example.com",
    }
    assert emails(client, kind="guests", q="anna") == {"anna@example.com"}
    assert emails(client, q="anna") == set()


def test_the_list_of_guests_needs_few_queries(client: Client) -> None:
    assert_few_queries(client, "accounts_user", make_guest)


def test_a_booking_of_a_guest_is_found_by_the_guests_email(client: Client) -> None:
    guest = make_guest("anna@example.com", name="Anna Berg")
    booking = make_booking(make_show(), ["A1"], user=guest)
    assert ids_of_people("anna@ex") == [guest.pk]
    page = client.get("/admin/bookings/booking/", {"q": "anna berg"}).content.decode()
    assert booking.reference in page


def test_staff_correct_what_a_guest_mistyped_and_give_no_rights(client: Client) -> None:
    guest = make_guest("ana@example.com", name="Anna")
    make_user("anna@example.com")
    page = f"{USERS}{guest.pk}/"
    body = client.get(f"{page}change/").content.decode()
    assert 'name="email"' in body
    assert "is_staff" not in body.partition("<form")[2]
    form = {"email": "anna@example.com", "name": "Anna", "is_active": "on", "is_staff": "on"}
    assert client.post(f"{page}change/", form).status_code == 302
    guest.refresh_from_db()
    assert (guest.email, guest.is_staff) == ("anna@example.com", False)
    assert not Message.objects.exists(), "an account's mail about changes is not for guests"
    new: dict[str, Any] = {"usable_password": "true", "password1": "a", "password2": "a"}
    assert client.get(f"{page}password/").status_code == 403
    assert client.post(f"{page}password/", new).status_code == 403


def test_guests_are_not_counted_as_new_customers() -> None:
    make_guest()
    make_user()
    with connection.cursor() as cursor:
        cursor.execute(NEWCOMERS, {"now": timezone.now()})
        assert cursor.fetchone()[0] == 1

"""Whom a browser's session knows as its guest, and for how long (docs/spec.md §19.1)."""

from typing import Any

import pytest
from django.contrib.auth import login
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.cached_db import SessionStore
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.errors import TooManyGuests
from accounts.guests.services import add_use, begin_guest, give_details
from accounts.guests.session import begin_session_of, buyer, guest_of, people, remember_linked
from accounts.models import User
from tests.support.factories import make_guest, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_of_visitor(rf: RequestFactory) -> HttpRequest:
    request = rf.post("/")
    request.session = SessionStore()
    request.user = AnonymousUser()
    return request


def test_a_visitor_is_nobody_and_costs_no_statement(
    request_of_visitor: HttpRequest, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        assert guest_of(request_of_visitor) is None
        assert buyer(request_of_visitor) is None
        assert people(request_of_visitor) == []


def test_a_guest_is_read_by_one_statement(
    request_of_visitor: HttpRequest, django_assert_num_queries: Any
) -> None:
    guest = begin_guest(request_of_visitor)
    with django_assert_num_queries(1):
        assert buyer(request_of_visitor) == guest


def test_a_closed_or_deleted_guest_is_nobody(request_of_visitor: HttpRequest) -> None:
    guest = begin_guest(request_of_visitor)
    User.objects.filter(pk=guest.pk).update(is_active=False)
    assert guest_of(request_of_visitor) is None
    guest.delete()
    assert buyer(request_of_visitor) is None


def test_an_account_in_the_key_of_the_guest_is_nobody(request_of_visitor: HttpRequest) -> None:
    request_of_visitor.session["guest"] = make_user().pk
    assert people(request_of_visitor) == []


def test_the_session_gets_a_new_key_when_a_guest_begins(request_of_visitor: HttpRequest) -> None:
    """A key that somebody planted in this browser must not open what is bought in it."""
    session = request_of_visitor.session
    session["seen"] = "the home page"
    session.save()
    planted = session.session_key or ""
    begin_guest(request_of_visitor)
    session.save()
    assert session.session_key != planted
    assert session["seen"] == "the home page"
    assert not SessionStore().exists(planted)


def test_a_log_in_keeps_the_guest_under_a_new_key_and_log_out_ends_both(
    request_of_visitor: HttpRequest,
) -> None:
    guest, user = begin_guest(request_of_visitor), make_user()
    request_of_visitor.session.save()
    before = request_of_visitor.session.session_key
    login(request_of_visitor, user, "accounts.backends.PersonBackend")
    assert request_of_visitor.session.session_key != before
    assert buyer(request_of_visitor) == user
    assert people(request_of_visitor) == [user, guest]
    request_of_visitor.session.save()
    key = request_of_visitor.session.session_key or ""
    client = Client()
    client.cookies["sessionid"] = key
    client.post(reverse("accounts:logout"))
    assert client.session.get("guest") is None
    assert not SessionStore().exists(key)


def test_people_are_the_buyer_the_guest_and_opened_links(request_of_visitor: HttpRequest) -> None:
    linked, later = make_guest("a@example.com"), make_guest("b@example.com")
    remember_linked(request_of_visitor, linked.pk)
    assert people(request_of_visitor) == [linked]
    assert buyer(request_of_visitor) is None, "a link lets one see bookings, and buys nothing"
    guest = begin_guest(request_of_visitor)
    remember_linked(request_of_visitor, later.pk)
    remember_linked(request_of_visitor, guest.pk)
    assert people(request_of_visitor) == [guest, later, linked]


def test_the_list_of_opened_links_stays_short(request_of_visitor: HttpRequest) -> None:
    for number in range(1, 30):
        remember_linked(request_of_visitor, number)
    assert request_of_visitor.session["guest_links"] == list(range(29, 9, -1))


def test_details_are_kept_and_corrected_until_something_was_bought() -> None:
    guest = make_guest()
    same = give_details(guest=guest, name="Anna", email="ana@example.com", phone="")
    assert same == guest
    assert (
        give_details(guest=guest, name="Anna", email=" anna@example.com", phone="+46 70 12345")
        == guest
    )
    guest.refresh_from_db()
    assert (guest.name, guest.email, guest.phone) == ("Anna", "anna@example.com", "+46 70 12345")


def test_another_email_after_a_purchase_makes_another_guest(
    monkeypatch: pytest.MonkeyPatch, request_of_visitor: HttpRequest
) -> None:
    monkeypatch.setattr("accounts.guests.services._uses", [])
    add_use(lambda guest: guest.email.lower() == "anna@example.com")
    guest = begin_guest(request_of_visitor)
    give_details(guest=guest, name="Anna", email="anna@example.com", phone="")
    assert give_details(guest=guest, name="Eva", email="Anna@example.com", phone="") == guest
    other = give_details(guest=guest, name="Eva", email="eva@example.com", phone="")
    assert other != guest
    guest.refresh_from_db()
    assert guest.email == "Anna@example.com"
    begin_session_of(request_of_visitor, other)
    assert people(request_of_visitor) == [other, guest]


def test_a_changed_email_is_not_confirmed(request_of_visitor: HttpRequest) -> None:
    guest = begin_guest(request_of_visitor)
    give_details(guest=guest, name="Anna", email="anna@example.com", phone="")
    User.objects.filter(pk=guest.pk).update(email_confirmed_at="2026-01-01T00:00:00Z")
    guest.refresh_from_db()
    give_details(guest=guest, name="Anna Berg", email="anna@example.com", phone="")
    guest.refresh_from_db()
    assert guest.email_confirmed_at
    give_details(guest=guest, name="Anna Berg", email="berg@example.com", phone="")
    guest.refresh_from_db()
    assert guest.email_confirmed_at is None


def test_new_guests_of_one_address_are_limited(rf: RequestFactory, settings: Any) -> None:
    settings.RATE_LIMITS = True

    def begin_from(address: str) -> User:
        request = rf.post("/", REMOTE_ADDR=address)
        request.session = SessionStore()
        return begin_guest(request)

    for _ in range(120):
        begin_from("203.0.113.77")
    with pytest.raises(TooManyGuests, match="Log in or sign up") as refused:
        begin_from("203.0.113.77")
    assert 0 < refused.value.retry_after <= 600
    assert begin_from("203.0.113.78")

"""People delete and export their own data: an account with its password, a guest in its browser."""

import json
import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.db.models import Q
from django.test import Client
from django.urls import reverse

from accounts.guests.session import GUEST, LINKED
from accounts.models import User
from accounts.outbox.models import Message
from accounts.outbox.services import write
from accounts.privacy.services import delete_account
from bookings import services
from bookings.models import Booking
from bookings.payments.locks import lock_orders
from bookings.waiting_list.models import Entry
from shows.models import Show
from tests.support.factories import make_booking, make_guest, make_show, make_user
from tests.support.money import make_order
from tests.support.person import EMAIL, MARKS, well_known_person
from tests.support.races import elsewhere, meeting
from tests.support.waiting_list import join, offer_to, sell_out

pytestmark = pytest.mark.django_db

PASSWORD = "marquee lights 9"
EXPORT, DELETE = reverse("accounts:guest-export"), reverse("accounts:guest-delete")


def browser_of(*guests: User, linked: bool = False) -> Client:
    """A browser whose session knows these guests."""
    client = Client()
    session = client.session
    if linked:
        session[LINKED] = [guest.pk for guest in guests]
    else:
        session[GUEST] = guests[0].pk
    session.save()
    return client


def test_mails_that_wait_are_dropped_and_addresses_are_blank() -> None:
    person = well_known_person()
    delete_account(user=person)
    assert not Message.objects.waiting().filter(user=person).exists()
    assert set(Message.objects.filter(user=person).values_list("address", flat=True)) == {""}


def test_the_place_in_line_is_left_and_an_offer_goes_to_the_next() -> None:
    show = make_show("A ss")
    sold = sell_out(show)
    person, next_one = make_user(), make_user()
    first, second = join(show, user=person), join(show, user=next_one)
    services.cancel_booking(user=sold.user, reference=sold.reference)
    offer = offer_to(first)
    delete_account(user=person)
    first.refresh_from_db()
    assert first.state == Entry.State.LEFT
    offer.refresh_from_db()
    assert offer.status == Booking.Status.FAILED
    assert offer_to(second).user == next_one


@pytest.mark.parametrize("linked", [False, True], ids=["bought here", "opened the mailed link"])
def test_a_guest_exports_and_deletes_in_the_browser_that_knows_it(linked: bool) -> None:
    guest = well_known_person(guest=True)
    client = browser_of(guest, linked=linked)
    response = client.get(EXPORT)
    assert "attachment" in response["Content-Disposition"]
    (data,) = json.loads(response.content)
    assert data["account"]["email"] == EMAIL
    assert data["bookings"]
    page = client.get(DELETE).content.decode()
    assert EMAIL in page
    assert "invoices keep the name" in page
    guest.refresh_from_db()
    assert guest.email == EMAIL, "opening the page deletes nothing"
    assert client.post(DELETE).status_code == 302
    guest.refresh_from_db()
    assert (guest.name, guest.email, guest.phone, guest.is_active) == ("", "", "", False)
    assert client.get(EXPORT).status_code == 404
    assert client.get(reverse("bookings:list")).status_code in {200, 302}


def test_all_guests_of_a_browser_are_exported() -> None:
    guests = [make_guest(f"guest{number}@example.com") for number in range(2)]
    data = json.loads(browser_of(*guests, linked=True).get(EXPORT).content)
    assert {part["account"]["email"] for part in data} == {guest.email for guest in guests}


def test_nobody_else_can_do_it(client: Client) -> None:
    guest = well_known_person(guest=True)
    for other in (client, browser_of(make_guest("other@example.com"))):
        text = other.get(EXPORT).content.decode().lower()
        assert [mark for mark in MARKS if mark in text] == []
        other.post(DELETE)
    guest.refresh_from_db()
    assert guest.is_active


def test_an_account_is_not_deleted_by_the_guests_page() -> None:
    """An account's deletion asks for the password."""
    person = make_user("anna@example.com")
    client = browser_of(make_guest("guest@example.com"))
    client.force_login(person)
    client.post(DELETE)
    person.refresh_from_db()
    assert person.is_active


def test_deleting_keeps_the_sale(client: Client) -> None:
    guest = make_guest("guest@example.com", name="Gita")
    booking = make_booking(make_show(), ["A1"], user=guest)
    browser_of(guest).post(DELETE)
    booking.refresh_from_db()
    assert booking.status == Booking.Status.CONFIRMED
    assert booking.user == guest


@pytest.mark.django_db(transaction=True)
def test_while_a_show_is_locked_nothing_is_deleted_and_the_page_says_so() -> None:
    show = make_show("A s")
    sell_out(show)
    person = make_user("anna@example.com", PASSWORD)
    place = join(show, user=person)
    client = Client()
    client.force_login(person)
    is_locked, may_end = threading.Event(), threading.Event()

    def keep_the_show() -> None:
        with transaction.atomic():
            Show.objects.select_for_update().get(pk=show.pk)
            is_locked.set()
            may_end.wait(300)

    keeper = elsewhere(keep_the_show)
    try:
        assert is_locked.wait(300)
        address = reverse("accounts:delete")
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        page = client.post(address, {"password": PASSWORD}, follow=True)
    finally:
        may_end.set()
        keeper.result()
        connection.close()
    assert "Nothing was deleted" in page.content.decode()
    person.refresh_from_db()
    assert (person.email, person.is_active) == ("anna@example.com", True)
    client.post(address, {"password": PASSWORD})
    place.refresh_from_db()
    assert place.state == Entry.State.LEFT


@pytest.mark.django_db(transaction=True)
def test_a_payment_that_is_settled_meanwhile_and_the_deletion_do_not_deadlock() -> None:
    """The settlement has the order, and then writes a mail for the person who is deleted."""
    guest = make_guest("guest@example.com")
    booking = make_booking(make_show(), ["A1"], user=guest)
    order = make_order(booking)

    def settle() -> Callable[[], object]:
        lock_orders(booking.show_id, Q(pk=order.pk))
        return lambda: write("money-back", key="money-back:1", user=guest)

    assert meeting(settle, lambda: delete_account(user=guest)) is None
    guest.refresh_from_db()
    order.refresh_from_db()
    assert (guest.email, order.email) == ("", "")
    assert not Message.objects.waiting().filter(user=guest).exists()

"""A request read a person, the person was deleted, and only then the request writes.

No address may come back by it. Each test calls the function with the person as it was read before.
"""

import pytest
from django.db import transaction
from django.http import HttpRequest

from accounts.guests.services import give_details
from accounts.models import User
from accounts.privacy.services import delete_account
from bookings import services
from bookings.errors import ShowBusy
from bookings.guests.claiming import _claim_show
from bookings.guests.details import take_details
from bookings.guests.moving import move_holds
from bookings.models import Booking
from bookings.payments.models import Order
from bookings.payments.orders.prices import quote
from bookings.payments.orders.writing import write_order
from bookings.waiting_list.models import Entry
from bookmyshow.core.time import database_now
from tests.support.factories import make_booking, make_guest, make_show, make_user
from tests.support.money import make_order
from tests.support.waiting_list import join, sell_out

pytestmark = pytest.mark.django_db(transaction=True)


def deleted(person: User) -> User:
    """Delete the person; returns it as it was before."""
    delete_account(user=User.objects.get(pk=person.pk))
    return person


def test_the_order_of_a_deleted_person_has_no_address() -> None:
    booking = make_booking(make_show(), ["A1"], user=make_user())
    read = Booking.objects.with_show().select_related("user").get(pk=booking.pk)
    deleted(read.user)
    with transaction.atomic():
        order = write_order(read, quote(read), now=database_now(), pay_until=read.expires_at)
    order.refresh_from_db()
    assert order.email == ""


def test_a_hold_does_not_move_to_a_deleted_account() -> None:
    guest = make_guest()
    hold = services.hold_seats(user=guest, show_id=make_show().pk, labels=["A1"])
    order = make_order(hold, email="anna@example.com")
    moved = move_holds(guest=guest, to=deleted(make_user()))
    assert moved.holds == []
    hold.refresh_from_db()
    order.refresh_from_db()
    assert (hold.user, order.user, order.email) == (guest, guest, "anna@example.com")


def test_a_deleted_account_claims_nothing() -> None:
    ticket = make_booking(make_show(), ["A1"], user=make_guest("asha@example.com"))
    order = make_order(ticket, email="asha@example.com")
    assert _claim_show(ticket.show_id, [ticket.user_id], deleted(make_user())) == 0
    ticket.refresh_from_db()
    order.refresh_from_db()
    assert ticket.user.is_guest
    assert order.user == ticket.user


def test_a_deleted_guest_gets_no_details_again() -> None:
    guest = deleted(make_guest())
    give_details(guest=guest, name="Asha Rao", email="asha@example.com", phone="98765")
    guest.refresh_from_db()
    assert (guest.name, guest.email, guest.phone) == ("", "", "")


def test_the_open_order_of_a_deleted_guest_gets_no_address_again() -> None:
    guest = make_guest("asha@example.com")
    hold = services.hold_seats(user=guest, show_id=make_show().pk, labels=["A1"])
    make_order(hold, email="asha@example.com")
    deleted(guest)
    Order.objects.update(state="OPEN")
    take_details(HttpRequest(), guest, name="Asha", email="asha@example.com", phone="1")
    assert Order.objects.get().email == ""


def test_a_deleted_person_gets_no_place_in_line() -> None:
    show = make_show("A ss")
    sell_out(show)
    person = deleted(make_user())
    with pytest.raises(ShowBusy):
        join(show, user=person)
    assert not Entry.objects.exists()


def test_a_place_asked_for_while_the_person_is_forgotten_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    show = make_show("A ss")
    sell_out(show)
    person = make_user()
    # After the person left all lines, and before their row is locked.
    monkeypatch.setattr(
        "accounts.privacy.services.leave_everything", lambda user: join(show, user=user)
    )
    delete_account(user=person)
    assert Entry.objects.get().state == Entry.State.LEFT

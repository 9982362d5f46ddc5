"""Guests in line: an offer moves with the guest's hold at a log-in (docs/spec.md §19.2, §20)."""

import pytest

from accounts.models import User
from bookings import services
from bookings.guests.moving import move_holds
from bookings.models import Booking
from bookings.waiting_list.models import Entry
from shows.models import Show
from tests.support.factories import hall, make_booking, make_show, make_user
from tests.support.waiting_list import breaches, join, offer_to

pytestmark = pytest.mark.django_db

STATES = Entry.State


@pytest.fixture
def guest() -> User:
    guest = User.objects.create_guest()
    User.objects.filter(pk=guest.pk).update(email="anna@example.com")
    guest.refresh_from_db()
    return guest


@pytest.fixture
def show() -> Show:
    return make_show(hall(1, 2))


def offered(show: Show, *people: User) -> list[Entry]:
    """These people in line; the first one has the offer of a seat."""
    sold = [make_booking(show, [label]) for label in ("R1-1", "R1-2")]
    entries = [join(show, user=person) for person in people]
    services.cancel_booking(user=sold[0].user, reference=sold[0].reference)
    return entries


def test_the_offer_and_its_place_become_the_persons(guest: User, show: Show) -> None:
    person = make_user()
    (entry,) = offered(show, guest)
    move_holds(guest=guest, to=person)
    assert offer_to(entry).user == person
    assert entry.user == person
    services.confirm_booking(user=person, reference=offer_to(entry).reference)
    entry.refresh_from_db()
    assert entry.state == STATES.TAKEN
    assert breaches() == []


def test_a_place_that_the_person_had_already_ends(guest: User, show: Show) -> None:
    person = make_user()
    entry, own = offered(show, guest, person)
    move_holds(guest=guest, to=person)
    own.refresh_from_db()
    assert (own.state, offer_to(entry).user) == (STATES.LEFT, person)
    assert breaches() == []


def test_the_persons_own_hold_that_ends_is_offered_to_the_line(guest: User, show: Show) -> None:
    person, waits = make_user(), make_user()
    services.hold_seats(user=person, show_id=show.pk, labels=["R1-1"])
    services.hold_seats(user=guest, show_id=show.pk, labels=["R1-2"])
    entry = join(show, user=waits)
    move_holds(guest=guest, to=person)
    assert offer_to(entry).seats == ["R1-1"]
    assert Booking.objects.get(user=person, status="PENDING").seats == ["R1-2"]
    assert breaches() == []

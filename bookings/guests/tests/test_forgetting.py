"""Guests who bought nothing are forgotten (docs/spec.md §19.6)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.outbox.models import Message
from accounts.outbox.services import write
from bookings import services
from bookings.guests import forgetting
from bookings.guests.forgetting import forget_guests
from bookings.models import Booking
from bookings.waiting_list.models import Entry
from shows.tell_me.models import FilmWish
from tests.support.factories import (
    lapse,
    make_booking,
    make_guest,
    make_movie,
    make_show,
    make_user,
)
from tests.support.money import make_order
from tests.support.races import elsewhere

pytestmark = pytest.mark.django_db


def old_guest(email: str = "anna@example.com") -> User:
    return make_guest(email, created_at=timezone.now() - timedelta(days=16))


def ended_hold(guest: User, label: str = "A1") -> Booking:
    held = services.hold_seats(user=guest, show_id=make_show().pk, labels=[label])
    lapse(held)
    services.sweep_lapsed_holds()
    held.refresh_from_db()
    return held


def test_a_guest_with_ended_holds_and_sent_mails_is_forgotten() -> None:
    guest = old_guest()
    ended_hold(guest)
    write("confirm-email", key="link", user=guest)
    Message.objects.update(sent_at=timezone.now())
    assert forget_guests() == 1
    assert not User.objects.exists()
    assert not Booking.objects.exists()
    assert not Message.objects.exists()


def test_a_guest_of_the_last_days_is_kept() -> None:
    make_guest()
    make_guest(created_at=timezone.now() - timedelta(days=14))
    assert forget_guests() == 0


def live_hold(guest: User) -> None:
    services.hold_seats(user=guest, show_id=make_show().pk, labels=["A1"])


def ticket(guest: User) -> None:
    make_booking(make_show(), ["A1"], user=guest)


def cancelled_ticket(guest: User) -> None:
    sold = make_booking(make_show(), ["A1"], user=guest)
    services.cancel_booking(user=guest, reference=sold.reference)


def order(guest: User) -> None:
    make_order(ended_hold(guest), state="EXPIRED")


def waiting_mail(guest: User) -> None:
    write("confirm-email", key="link", user=guest)


def place_in_line(guest: User) -> None:
    Entry.objects.create(show=make_show(), user=guest, seats=2, together=False, wheelchair=False)


def wish(guest: User) -> None:
    FilmWish.objects.create(movie=make_movie(), user=guest)


@pytest.mark.parametrize(
    "leave",
    [live_hold, ticket, cancelled_ticket, order, waiting_mail, place_in_line, wish],
    ids=lambda leave: leave.__name__,
)
def test_a_guest_who_left_something_that_lasts_is_kept(leave: Callable[[User], None]) -> None:
    guest = old_guest()
    leave(guest)
    bookings = Booking.objects.count()
    assert forget_guests() == 0
    assert User.objects.filter(pk=guest.pk).exists()
    assert Booking.objects.count() == bookings


def test_accounts_are_never_forgotten() -> None:
    User.objects.filter(pk=make_user().pk).update(created_at=timezone.now() - timedelta(days=999))
    assert forget_guests() == 0


def test_guests_are_forgotten_in_batches_also_behind_those_that_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forgetting, "BATCH", 2)
    kept = [old_guest() for _ in range(3)]
    for guest in kept:
        write("confirm-email", key=f"mail-{guest.pk}", user=guest)
    for _ in range(5):
        old_guest()
    assert forget_guests() == 5
    assert set(User.objects.all()) == set(kept)


def test_the_statements_do_not_grow_with_the_guests() -> None:
    def statements(guests: int) -> int:
        for _ in range(guests):
            ended_hold(old_guest())
        with CaptureQueriesContext(connection) as captured:
            assert forget_guests() == guests
        return len(captured)

    assert statements(2) == statements(12)


@pytest.mark.django_db(transaction=True)
def test_a_guest_who_holds_seats_at_this_moment_is_skipped() -> None:
    guest, show = old_guest(), make_show()
    with transaction.atomic():
        services.hold_seats(user=guest, show_id=show.pk, labels=["A1"])
        assert elsewhere(forget_guests).result(timeout=300) == 0
    assert Booking.objects.get().user == guest

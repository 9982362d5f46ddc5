"""Moves a guest's holds to the person who logs in or signs up in that browser (docs/spec.md §19.2).

Only holds move. What the guest has bought stays the guest's until it is claimed.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from accounts.outbox.models import Message
from accounts.services import lock_address
from bookings.archive.models import ArchivedBooking
from bookings.ending import count_seats, end_bookings
from bookings.errors import BookingError, ShowBusy
from bookings.hold_limits import Elsewhere, HoldLimits, person_elsewhere_statement
from bookings.locks import lock_bookings, lock_people, lock_show
from bookings.models import Booking
from bookings.payments.locks import lock_orders
from bookings.payments.models import Order
from bookings.payments.refunds.cancelling import abandon_order
from bookings.waiting_list.offers import follow_offer, offer_free_seats
from bookmyshow.core.db.one_trip import one_trip
from bookmyshow.core.db.transactions import lock_timeout_raises
from bookmyshow.core.time import database_now
from shows.models import Show

log = logging.getLogger(__name__)

PENDING, FAILED = Booking.Status.PENDING, Booking.Status.FAILED
LAPSED, SWAPPED = Booking.EndedReason.LAPSED, Booking.EndedReason.SWAPPED


@dataclass(frozen=True, slots=True)
class Refused:
    """A hold that stayed the guest's, and why."""

    hold: Booking
    why: BookingError | ShowBusy


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of a guest's live holds."""

    #: They belong to the other person now.
    holds: list[Booking] = field(default_factory=list)
    #: Holds of the other person at the same shows, which ended for them.
    swapped: list[Booking] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Locked:
    """The locked bookings of both people at one show, and the clock, read under the locks."""

    show: Show
    now: datetime
    #: The guest's live hold.
    hold: Booking
    #: That hold, and the holds that were swapped for it.
    chain: list[Booking]
    #: The other person's hold at this show, live or lapsed.
    own: Booking | None


def has_bought(guest: User) -> bool:
    """Whether a ticket or an order of this guest exists, also one that is over."""
    return (
        Booking.objects.filter(user=guest, confirmed_at__isnull=False).exists()
        or Order.objects.filter(user=guest).exists()
        or ArchivedBooking.objects.filter(user=guest).exists()
    )


def move_holds(*, guest: User, to: User) -> Moved:
    """Give the guest's live holds to another person: an account, or a guest with another email.

    Each show is one transaction. The hold keeps its seats, its end and its open order, so a payment
    that is under way still confirms it. A hold that the other person has at the show is swapped for
    it, because a person has one hold at a show. Lapsed holds and tickets are not touched.

    A hold that can't move stays the guest's and is in `refused`, with TooManySeats, TooManyHolds or
    ShowBusy. Raises nothing else but errors of the database.
    """
    moved = Moved()
    holds = Booking.objects.filter(user=guest, status=PENDING).order_by("show_id")
    for hold in holds:
        try:
            with lock_timeout_raises(ShowBusy), transaction.atomic():
                _move(hold.show_id, guest, to, moved)
        except (BookingError, ShowBusy) as error:
            moved.refused.append(Refused(hold, error))
    return moved


def _move(show_id: int, guest: User, to: User, moved: Moved) -> None:
    """Move the guest's hold at one show. Raises TooManySeats, TooManyHolds."""
    # Lock both people (advisory locks), then the show's row, then their bookings, then the orders.
    lock_people(guest.pk, to.pk)
    # Under the locks of the people, what they have at other shows stays as it is.
    elsewhere = Elsewhere.of(*one_trip(person_elsewhere_statement(to.pk, show_id)))
    used_keys = _used_keys(show_id, guest, to)
    show = lock_show(show_id)
    locked = _lock_holds(show, guest, to)
    if locked is None:
        return
    if limits := HoldLimits.of(to):
        seats = len(locked.hold.seats)
        limits.check_person(user_id=to.pk, show_id=show_id, elsewhere=elsewhere, seats=seats)
    ids = [booking.pk for booking in locked.chain]
    orders = lock_orders(show_id, Q(booking__in=[*ids, locked.own.pk] if locked.own else ids))
    email = lock_address(to.pk)
    if email is None:
        return
    swapped = _end_own(locked)
    _free_keys(locked.chain, used_keys)
    Booking.objects.filter(show=show_id, pk__in=ids).update(user=to)
    of_holds = [order.pk for order in orders if order.booking_id in ids]
    if of_holds:
        Order.objects.filter(show=show_id, pk__in=of_holds).update(user=to, email=email)
    _move_mails(ids, guest, to)
    if locked.hold.is_offer:
        follow_offer(locked.hold, to, locked.now)
    offer_free_seats(show, locked.now)
    locked.hold.user = to
    moved.holds.append(locked.hold)
    moved.swapped.extend(swapped)


def _lock_holds(show: Show, guest: User, to: User) -> _Locked | None:
    """Lock the bookings and read the clock. None if the guest has no live hold at the show."""
    of_both = Q(user__in=[guest.pk, to.pk], status=PENDING)
    earlier = Q(user=guest.pk, status=FAILED, ended_reason=SWAPPED)
    found = lock_bookings(show.pk, of_both | earlier)
    now = database_now()
    live = [b for b in found if b.user_id == guest.pk and b.status == PENDING]
    if not live or live[0].has_lapsed(now):
        return None
    (hold,) = live
    return _Locked(
        show=show,
        now=now,
        hold=hold,
        # A swap keeps the end of the hold. They move together, so that the time of the first one
        # still counts (`HoldLimits`), and Pay can't extend the hold a second time.
        chain=[b for b in found if b.user_id == guest.pk and b.expires_at == hold.expires_at],
        own=next((b for b in found if b.user_id == to.pk), None),
    )


def _end_own(locked: _Locked) -> list[Booking]:
    """End the other person's hold at the show, and its order. Returns it if it was live."""
    own = locked.own
    if own is None:
        return []
    is_live = not own.has_lapsed(locked.now)
    freed = end_bookings([own], locked.now, LAPSED, swapped=own if is_live else None)
    count_seats(locked.show, freed)
    if is_live:
        abandon_order(own, at=locked.now)
    return [own] if is_live else []


def _used_keys(show_id: int, guest: User, to: User) -> set[str]:
    """The idempotency keys of the guest at this show that the other person used, at any show."""
    of_guest = Booking.objects.filter(user=guest, show=show_id, idempotency_key__isnull=False)
    keys = list(of_guest.order_by().values_list("idempotency_key", flat=True))
    if not keys:
        return set()
    used = Booking.objects.filter(user=to, idempotency_key__in=keys).order_by()
    return {key for key in used.values_list("idempotency_key", flat=True) if key}


def _free_keys(holds: list[Booking], used: set[str]) -> None:
    """Take away idempotency keys that the other person has used already."""
    twice = [hold for hold in holds if hold.idempotency_key in used]
    if twice:
        Booking.objects.filter(show=twice[0].show_id, pk__in=[hold.pk for hold in twice]).update(
            idempotency_key=None, idempotency_hash=""
        )


def _move_mails(bookings: list[int], guest: User, to: User) -> None:
    """Mails that wait for these holds to become tickets go to the new owner."""
    Message.objects.waiting().filter(user=guest, booking__in=bookings).update(user=to)

"""Joining and leaving the waiting list, and what happens to it when its show changes.

Each function locks the show first, like everything that changes its seats (docs/spec.md §4.2).
Places in line change under the show's lock only, or together with a locked booking of the same
person.
"""

import logging
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from django.conf import settings
from django.db import transaction
from django.db.models import Q, Sum
from django.db.models.functions import Lower, Now

from accounts.models import User
from accounts.services import lock_address
from bookings.ending import count_seats, end_bookings
from bookings.errors import BookingNotFound, InvalidSeats, ShowBusy, ShowNotBookable, TooManySeats
from bookings.locks import lock_bookings, lock_show, lock_show_if_free
from bookings.models import Booking
from bookmyshow.core.db.transactions import lock_timeout_raises
from bookmyshow.core.email_key import email_key
from bookmyshow.core.staff import audit
from bookmyshow.core.time import database_now
from shows.models import Show
from shows.seatmap.markup import FREE
from shows.waiting_room.services import everybody_was_called

from . import messages
from .choosing import Party, seats_for
from .errors import AlreadyInLine, ListClosed, OffersPassed, SeatsAreFree, WaitingRoomFirst
from .models import Entry
from .offers import LAST_OFFERS, last_offers_at, offer_free_seats, seats_of, serve_line
from .portions import PORTION

log = logging.getLogger(__name__)

WAITING, OFFERED = Entry.State.WAITING, Entry.State.OFFERED
LEFT, CLOSED = Entry.State.LEFT, Entry.State.CLOSED
#: Who let this many offers of a show pass, or declined them, gets no place in its line any more.
MOST_PASSED = 3


class Why(StrEnum):
    """Why a list is closed."""

    BEGINS_SOON = "begins-soon"
    CANCELLED = "cancelled"


def join(*, user: User, show_id: int, party: Party) -> Entry:
    """Give the person the last place in the line of a show. Asking for the same again is no error.

    Raises InvalidSeats, TooManySeats, SeatsAreFree (the party can choose seats now), ListClosed,
    AlreadyInLine (for other seats), OffersPassed, WaitingRoomFirst, ShowNotFound, ShowNotBookable,
    ShowBusy.
    """
    if not 1 <= party.seats <= settings.MAX_SEATS_PER_BOOKING:
        raise InvalidSeats(f"Choose 1 to {settings.MAX_SEATS_PER_BOOKING} seats.")
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        show = lock_show(show_id)
        now = database_now()
        check_open(show, now)
        # First come those who wait already. It also ends an earlier offer that has lapsed.
        offer_free_seats(show, now)
        own = Entry.objects.live().filter(_of_person(user), show=show).first()
        if own is None and not _fits_now(show, party, now):
            _check_limit(user, show, party)
            if lock_address(user.pk) is None:
                # The account was deleted a moment ago. The next request is a stranger's.
                raise ShowBusy
            return Entry.objects.create(show=show, user=user, **party._asdict())
    # Raised after the commit, so that offers stay.
    if own is None:
        raise SeatsAreFree
    if party != own.party:
        raise AlreadyInLine
    return own


def check_open(show: Show, now: datetime) -> None:
    """Raises ShowNotBookable, ListClosed, WaitingRoomFirst."""
    if show.is_cancelled or show.has_started(now):
        raise ShowNotBookable
    if now >= last_offers_at(show):
        raise ListClosed
    if waits_for_room(show):
        raise WaitingRoomFirst


def waits_for_room(show: Show) -> bool:
    """Whether people in the waiting room of the show's on-sale come before a new place in its list.

    A person who joined the list earlier keeps their place and gets offers: they came first.
    """
    return show.on_sale_id is not None and not everybody_was_called(show.on_sale_id)


def _of_person(user: User) -> Q:
    """Places of this person. All guests with one proved address, in any spelling, count as one."""
    if user.is_guest and user.email:
        # The conditions of the index user_email_of_guests.
        guests = User.objects.filter(~Q(email=""), is_guest=True).alias(key=Lower("email"))
        return Q(user=user) | Q(user__in=guests.filter(key=email_key(user.email)))
    return Q(user=user)


def leave(*, user: User | int, entry_id: int) -> Entry:
    """Leave the line. An offer is given up, and goes to the next in line.

    A place that is over stays as it is. Raises BookingNotFound (there is no such place), ShowBusy.
    """
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        return _leave(Q(pk=entry_id, user=user))


def remove(*, by: User, entry_id: int) -> Entry:
    """Staff take a person off the line. Raises BookingNotFound, ShowBusy."""
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        entry = _leave(Q(pk=entry_id))
        audit.record(by=by, about=entry, what=f"Taken off the waiting list ({entry.wish}).")
        return entry


def close_list(show: Show, now: datetime, why: Why) -> int:
    """Close the line of a locked show; returns how many people waited. Each gets a mail.

    A live offer stays a hold, unless the show was cancelled.
    """
    states = [WAITING, OFFERED] if why == Why.CANCELLED else [WAITING]
    waiting = Entry.objects.filter(show=show, state__in=states)
    entries = list(waiting.select_related("user").order_by("pk"))
    if entries:
        messages.write_over([e for e in entries if e.user.is_active], show, why)
        waiting.update(state=CLOSED, ended_at=now)
    return len(entries)


def tell_of_move(show: Show, *, moved_from: datetime) -> None:
    """Write a mail to everybody in the line of a show that was moved. They keep their places."""
    live = Entry.objects.live().filter(show=show, user__is_active=True)
    messages.write_moved(live.order_by("pk"), show, moved_from.isoformat())


def tend_lists() -> int:
    """Close the lists of shows that begin soon, and offer seats that are free; returns the shows.

    Everybody who frees seats offers them at once. This finds what became possible in another way,
    such as for a person whose account was switched on again. Beat starts it. A locked show is left
    for the next run.
    """
    soon = Q(show__starts_at__lte=Now() + LAST_OFFERS)
    due = Entry.objects.filter(soon | Q(show__available_seats__gt=0), state=WAITING)
    tended = 0
    for show_id in due.order_by("show").values_list("show", flat=True).distinct():
        try:
            while has_more := _tend(show_id):
                pass
            tended += has_more is False
        except ShowBusy:
            log.info("show %s is busy; its waiting list is looked at in the next run", show_id)
    return tended


def _tend(show_id: int) -> bool | None:
    """Close the list, or make the next offers. Whether there is more to do; None: it is locked."""
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        show = lock_show_if_free(show_id)
        if show is None:
            return None
        now = database_now()
        if show.is_cancelled or now >= last_offers_at(show):
            close_list(show, now, Why.CANCELLED if show.is_cancelled else Why.BEGINS_SOON)
            return False
        return serve_line(show, now, most=PORTION).has_more


def waits_anywhere(person: User) -> bool:
    """Whether this person waits, or has an offer, at any show."""
    return Entry.objects.live().filter(user=person).exists()


def _fits_now(show: Show, party: Party, now: datetime) -> bool:
    """Whether the party could hold seats itself. Lapsed holds are free too."""
    free = set(show.seats.free(at=now).values_list("label", flat=True))
    seats = [
        seat._replace(state=FREE) if seat.label in free else seat for seat in seats_of(show.pk)
    ]
    return bool(seats_for(party, seats))


def _check_limit(user: User, show: Show, party: Party) -> None:
    if user.is_staff:
        return
    bought = Booking.objects.filter(user=user, show=show, status=Booking.Status.CONFIRMED)
    seats = bought.aggregate(n=Sum("total_seats", default=0))["n"]
    if seats + party.seats > settings.MAX_SEATS_PER_SHOW:
        raise TooManySeats(settings.MAX_SEATS_PER_SHOW, bought=seats)
    if offers_passed(user, show) >= MOST_PASSED:
        raise OffersPassed


def offers_passed(person: User, show: Show) -> int:
    """How many offers of the show this person let pass, or declined. 0 for staff: they may join.

    An offer that has lapsed counts once it is written down.
    """
    if person.is_staff:
        return 0
    offers = Entry.objects.filter(_of_person(person), show=show, booking__isnull=False)
    return offers.filter(state__in=[Entry.State.PASSED, LEFT]).count()


def was_last_offer(offer: Booking) -> bool:
    """Whether the person of an offer that is over gets no other one at this show."""
    is_written = offer.status != Booking.Status.PENDING
    return offers_passed(offer.user, offer.show) + (not is_written) >= MOST_PASSED


def _leave(which: Q) -> Entry:
    show_id = Entry.objects.filter(which).values_list("show", flat=True).first()
    if show_id is None:
        raise BookingNotFound("You are not on the waiting list of this show.")
    show = lock_show(show_id)
    # After the lock: an offer may just have been made, or the place moved to an account.
    entry = Entry.objects.filter(which, show=show_id).first()
    if entry is None:
        raise BookingNotFound("This place in line is not yours any more.")
    locked = lock_bookings(show_id, Q(pk=entry.booking_id)) if entry.booking_id else []
    now = database_now()
    entry.refresh_from_db()
    if entry.state not in {WAITING, OFFERED}:
        return entry
    _end_offer(show, [b for b in locked if b.status == Booking.Status.PENDING], now)
    entry.state, entry.ended_at = LEFT, now
    entry.save(update_fields=["state", "ended_at"])
    offer_free_seats(show, now)
    return entry


def _end_offer(show: Show, offers: Iterable[Booking], now: datetime) -> None:
    """End a live or lapsed offer. The reconciler ends its order, if a payment was begun."""
    for offer in offers:
        is_over = offer.has_lapsed(now)
        reason = Booking.EndedReason.LAPSED if is_over else Booking.EndedReason.RELEASED
        count_seats(show, end_bookings([offer], now, reason))


def place_of(entry: Entry) -> int:
    """How many people are in line up to this one: 1 is the next."""
    ahead = Entry.objects.filter(show=entry.show_id, state=WAITING, pk__lt=entry.pk)
    return ahead.count() + 1

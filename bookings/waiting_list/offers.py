"""Offers free seats to the people who wait, in their order (docs/spec.md §20).

An offer is a hold of WAITING_OFFER_MINUTES, made in the transaction that frees the seats. So
nobody else ever sees these seats free. docs/decisions/0020-waiting-list-offers-are-holds.md has the
reasons, also for the locks: no lock on the person, and no wait for anything but the show.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import Q

from accounts.models import User
from bookings.ending import count_seats, end_bookings
from bookings.models import Booking
from shows.models import Seat, Show, lapsed_hold
from shows.seatmap.markup import FREE, SOLD, MapSeat

from . import messages
from .choosing import only_free, seats_for, without
from .models import Entry
from .portions import LapsedHolds

#: A place in line, and the labels of the seats for it.
Choice = tuple[Entry, list[str]]
#: In this time before the show nobody gets an offer: free seats go to people who look at the map.
LAST_OFFERS = timedelta(minutes=30)
WAITING, OFFERED = Entry.State.WAITING, Entry.State.OFFERED
TAKEN, LEFT = Entry.State.TAKEN, Entry.State.LEFT

IS_WAITED_FOR = """
    SELECT EXISTS (SELECT FROM waiting_entry
                   WHERE show_id = %s AND state IN ('WAITING', 'OFFERED'))
"""
# Marks the places whose offer ended without being bought: it lapsed, or somebody ended it.
PASS_ON = """
    UPDATE waiting_entry entry SET state = 'PASSED', ended_at = %(now)s
    FROM bookings_booking offer
    WHERE entry.show_id = %(show)s AND entry.state = 'OFFERED'
      AND offer.show_id = %(show)s AND offer.id = entry.booking_id AND offer.status = 'FAILED'
"""
# One statement for all offers: three hundred can be made under one lock of the show.
GIVE_SEATS = """
    UPDATE shows_seat seat SET booking_id = given.offer
    FROM unnest(%s::bigint[], %s::bigint[]) AS given (seat, offer)
    WHERE seat.show_id = %s AND seat.id = given.seat AND seat.booking_id IS NULL
"""


class Served(NamedTuple):
    """What `serve_line` did. `has_more`: more lapsed holds are to be ended, or seats offered."""

    offers: Sequence[Booking] = ()
    ended: Sequence[Booking] = ()
    has_more: bool = False


def offer_free_seats(show: Show, now: datetime, *, first: Iterable[str] = ()) -> Sequence[Booking]:
    """Offer the free seats of a show to the next in line; returns the offers.

    Call it last in every transaction that frees seats. The caller has locked the show, and read
    `now` after that. If nobody waits, it is one short query. `first` are seats that the caller
    takes afterwards, if they are not offered.

    Seats of lapsed holds are free too. Those holds are ended and offered first, at most a portion
    of them (portions.py); the sweep does the rest.
    """
    return serve_line(show, now, first=first).offers


def serve_line(
    show: Show, now: datetime, *, first: Iterable[str] = (), most: int | None = None
) -> Served:
    """The same as `offer_free_seats`; also says what it ended, and whether there is more to do.

    A hold that is locked at this moment is left to the next sweep: waiting for it could be a
    deadlock. Who does not fit into the free seats is passed over and keeps the place. What fits
    nobody stays free for all. While an on-sale is closed nobody gets an offer (docs/spec.md
    §24.5). `most` limits the offers: only for seats that were free to all before.
    """
    if not _is_waited_for(show.pk):
        return Served()
    lapsed = _lapsed(show, now)
    if show.is_cancelled or show.sale_closed or now >= last_offers_at(show):
        _end(show, lapsed, now)
        return Served(ended=lapsed)
    seats = seats_of(show.pk)
    holds = LapsedHolds(lapsed, seats)
    more = [*holds.of_people(_waiting(show, holds.owners)), *holds.beside(first)]
    more += holds.next_portion()
    ended: list[Booking] = []
    while True:
        _end(show, more, now)
        ended += more
        seats = _with_free(seats, more)
        served = _choose(show.pk, list(seats), None if ended else most)
        more = _more(show, holds, seats, served) if holds else []
        if not more:
            break
    offers = _write_offers(show, served, seats, now) if served else []
    return Served(offers, ended, bool(holds) or len(offers) == most)


def _more(
    show: Show, holds: LapsedHolds, seats: Iterable[MapSeat], served: list[Choice]
) -> list[Booking]:
    """Lapsed holds that must be ended before this choice is right; [] if it is.

    A row from which seats are given must be complete. A party that may sit apart must not be
    overtaken because its seats come in several portions.
    """
    given = {label for _, labels in served for label in labels}
    if beside := holds.beside(given):
        return beside
    apart = Entry.objects.in_line(show.pk).filter(together=False, wheelchair=False)
    apart = apart.exclude(pk__in=[entry.pk for entry, _ in served])
    if not any(seat.state == FREE and seat.label not in given for seat in seats):
        last = max((entry.pk for entry, _ in served), default=0)
        apart = apart.filter(pk__lt=last)
    return holds.next_portion() if apart.exists() else []


def last_offers_at(show: Show) -> datetime:
    """From this time on nobody gets an offer, and the list is closed."""
    return show.starts_at - LAST_OFFERS


def note_bought(booking: Booking, now: datetime, *, late: Booking | None = None) -> None:
    """End the place in line of a person who has bought seats of this show.

    `late` is the lapsed hold that a late payment was for. `confirm_booking` does the same in its
    statement. The caller has locked the bookings.
    """
    offers = [booking.pk] if late is None else [booking.pk, late.pk]
    over = Q(state=WAITING) | Q(state=OFFERED, booking__in=offers)
    own = Entry.objects.filter(over, user=booking.user_id, show=booking.show_id)
    own.update(state=TAKEN, ended_at=now)


def follow_offer(offer: Booking, to: User, now: datetime) -> None:
    """Give the place in line of an offer to the person whose hold it is now.

    That person's own place at the show ends. The caller has locked the show and the booking.
    """
    own = Entry.objects.live().filter(show=offer.show_id, user=to).exclude(booking=offer.pk)
    own.update(state=LEFT, ended_at=now)
    Entry.objects.filter(show=offer.show_id, booking=offer.pk).update(user=to)


def _is_waited_for(show_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(IS_WAITED_FOR, [show_id])
        (found,) = cursor.fetchone()
    return found


def _lapsed(show: Show, now: datetime) -> list[Booking]:
    """The lapsed holds of the show, locked, without those that another transaction has locked."""
    holds = Booking.objects.select_for_update(no_key=True, skip_locked=True)
    return list(holds.filter(lapsed_hold(now), show=show).order_by("pk"))


def _waiting(show: Show, people: set[int]) -> set[int]:
    """Who of these people waits. They get no offer before their own lapsed hold is ended."""
    if not people:
        return set()
    waiting = Entry.objects.filter(show=show, state=WAITING, user__in=people)
    return set(waiting.values_list("user", flat=True))


def _end(show: Show, lapsed: list[Booking], now: datetime) -> None:
    """End lapsed holds, and the places in line whose offer ended without being bought."""
    if lapsed:
        count_seats(show, end_bookings(lapsed, now, Booking.EndedReason.LAPSED))
    with connection.cursor() as cursor:
        cursor.execute(PASS_ON, {"show": show.pk, "now": now})


def _with_free(seats: dict[MapSeat, int], ended: Iterable[Booking]) -> dict[MapSeat, int]:
    free = {label for hold in ended for label in hold.seats}
    return {
        seat._replace(state=FREE) if seat.label in free else seat: pk for seat, pk in seats.items()
    }


def seats_of(show_id: int) -> dict[MapSeat, int]:
    """The seats of a show in plan order, with their ids."""
    rows = (
        Seat.objects.filter(show=show_id)
        .in_plan_order()
        .values_list("pk", "booking", *MapSeat._fields[:-1])
    )
    return {
        MapSeat._make((*seat, FREE if booking is None else SOLD)): pk for pk, booking, *seat in rows
    }


def _choose(show_id: int, seats: list[MapSeat], most: int | None) -> list[Choice]:
    """Who gets which seats. A party that does not fit now, fits no better after other offers."""
    served: list[Choice] = []
    line, seats = Entry.objects.in_line(show_id), only_free(seats)
    while free := sum(seat.state == FREE for seat in seats):
        # Everybody takes one seat or more, so more than `free` entries can't be served.
        batch = list(line.filter(seats__lte=free)[:free])
        if not batch:
            break
        for entry in batch:
            if len(served) == most:
                return served
            labels = seats_for(entry.party, seats)
            if labels:
                served.append((entry, labels))
                seats = without(seats, labels)
            else:
                line = line.exclude(
                    seats=entry.seats, together=entry.together, wheelchair=entry.wheelchair
                )
        line = line.filter(pk__gt=batch[-1].pk)
    return served


def _write_offers(
    show: Show,
    served: list[Choice],
    seats: dict[MapSeat, int],
    now: datetime,
) -> list[Booking]:
    by_label = {seat.label: seat for seat in seats}
    ends = min(now + timedelta(minutes=settings.WAITING_OFFER_MINUTES), show.starts_at)
    offers = [
        _offer(show, entry, [by_label[label] for label in labels], now, ends)
        for entry, labels in served
    ]
    Booking.objects.bulk_create(offers)
    given = [(seats[by_label[label]], offer.pk) for offer in offers for label in offer.seats]
    with connection.cursor() as cursor:
        cursor.execute(
            GIVE_SEATS, [[seat for seat, _ in given], [offer for _, offer in given], show.pk]
        )
        taken = cursor.rowcount
    for (entry, _), offer in zip(served, offers, strict=True):
        entry.state, entry.booking, entry.offered_at = OFFERED, offer, now
    if taken != sum(offer.total_seats for offer in offers):
        raise RuntimeError(f"show {show.pk}: a seat changed hands without the show's lock")
    places = Entry.objects.filter(show=show)
    places.bulk_update([entry for entry, _ in served], ["state", "booking", "offered_at"])
    count_seats(show, -taken)
    messages.write_offers([entry for entry, _ in served])
    return offers


def _offer(
    show: Show, entry: Entry, seats: Iterable[MapSeat], now: datetime, ends: datetime
) -> Booking:
    chosen = list(seats)
    prices = [show.price_of(seat.seat_type) for seat in chosen]
    return Booking(
        user_id=entry.user_id,
        show_id=show.pk,
        total_seats=len(chosen),
        total_amount=sum(prices),
        seats=[seat.label for seat in chosen],
        seat_prices=prices,
        created_at=now,
        updated_at=now,
        expires_at=ends,
        is_offer=True,
    )

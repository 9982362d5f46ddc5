"""Holds seats: a fast path and a slow path, each with its own transaction (docs/spec.md §4).

Most people hold for the first time and take free seats. For them the fast path needs one trip to
the database. If it takes nothing, the slow path locks the show again and reads what blocks the
hold. It ends lapsed holds and swaps the person's own hold, or raises the reason.
docs/images/hold-and-confirm.svg shows both transactions.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from bookmyshow.core.db.one_trip import Statement, one_trip, one_trip_with_commit
from bookmyshow.core.db.prepared import first_row
from bookmyshow.core.db.transactions import lock_timeout_raises
from bookmyshow.core.observability import metrics
from bookmyshow.core.time import database_now
from shows.models import Show
from shows.seatmap import current as seatmap
from shows.waiting_room.errors import OnSaleError, PassRequired, PassUsed, SaleClosed
from shows.waiting_room.join_and_enter import inside_of, inside_statement
from shows.waiting_room.passes import check_any as check_passes
from shows.waiting_room.passes import read as read_passes

from .ending import count_seats, end_bookings
from .errors import (
    IdempotencyKeyReused,
    OfferedInstead,
    SeatsUnavailable,
    ShowBusy,
    ShowNotBookable,
    ShowNotFound,
)
from .hold_limits import Elsewhere, HoldLimits, person_elsewhere_statement
from .holds_sql import (
    HoldRequest,
    SeatToHold,
    held_booking,
    seats_to_hold,
    take_free_seats,
    take_free_seats_statement,
)
from .locks import (
    lock_bookings,
    lock_person_statement,
    lock_show_statement,
)
from .models import Booking
from .seat_choice import check_labels, distinct_labels, request_hash
from .waiting_list.offers import offer_free_seats

PENDING, CONFIRMED = Booking.Status.PENDING, Booking.Status.CONFIRMED
LAPSED = Booking.EndedReason.LAPSED


class Hold(NamedTuple):
    """The result of a request: its booking, new or made earlier, and the time of the decision."""

    booking: Booking
    #: The database's clock, read under the locks.
    now: datetime


def hold_seats(
    *,
    user: User,
    show_id: int,
    labels: Iterable[str],
    idempotency_key: str | None = None,
    held_from: str = "",
    passes: Sequence[str] = (),
) -> Booking:
    """Hold seats, all or none, for BOOKING_EXPIRY_MINUTES.

    If the person holds other seats at the show, the new hold replaces the old one and keeps its
    `expires_at`. The same seats again return the same booking. So does the same `idempotency_key`
    with the same request. `held_from` is the client's network (`hold_limits.address_key`). `passes`
    are what the person got in waiting rooms (`shows.waiting_room.passes`). The box office needs
    none.

    Raises InvalidSeats, SeatsUnavailable, ShowNotFound, ShowNotBookable, ShowBusy,
    IdempotencyKeyReused, and TooManySeats, TooManyHolds, HoldPaused, AddressLimit (`hold_limits`),
    PassRequired, SaleClosed.
    """
    return _hold(user, show_id, labels, idempotency_key, held_from, passes).booking


def hold_from_form(
    *,
    user: User,
    show_id: int,
    labels: list[str],
    form_token: str,
    held_from: str,
    passes: Sequence[str] = (),
) -> Booking:
    """Hold the seats of a form. Posting it again with the same seats returns the same booking.

    If that booking has ended (an old page, or the Back button), the seats are held again. Raises
    what `hold_seats` raises.
    """
    key = None
    if form_token:
        seats = hashlib.sha256(" ".join(sorted(labels)).encode()).hexdigest()[:24]
        key = f"form-{form_token}-{seats}"
    booking, now = _hold(user, show_id, labels, key, held_from, passes)
    if booking.status_at(now) in {PENDING, CONFIRMED}:
        return booking
    return _hold(user, show_id, labels, None, held_from, passes).booking


@metrics.booking_attempt("hold")
def _hold(
    user: User,
    show_id: int,
    labels: Iterable[str],
    key: str | None,
    held_from: str,
    passes: Sequence[str],
) -> Hold:
    wanted = distinct_labels(labels)
    needs_pass = not _is_box_office(user)
    request = HoldRequest(
        user_id=user.pk,
        show_id=show_id,
        labels=wanted,
        key=key or None,
        hash=request_hash(show_id, wanted),
        limits=HoldLimits.of(user),
        held_from=held_from,
        needs_pass=needs_pass,
        passes=passes,
        signed=read_passes(passes, user.pk) if needs_pass else (),
    )
    return _hold_free_seats(request) or _hold_blocked_seats(request)


def _is_box_office(user: User) -> bool:
    """Whether this person sells to others. Other staff, such as the door, wait like everybody."""
    return user.is_staff and user.has_perm("counter.take_money")


def _hold_free_seats(request: HoldRequest) -> Hold | None:
    """Fast path: take the seats if they are free and nothing else blocks the hold.

    Otherwise returns None, and nothing was changed (see `TAKE_FREE_SEATS`). The locks, the
    statement and the commit are sent in one trip, so the show is locked only while the database
    works.
    """
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        statements = [
            *_person_statements(request),
            # Lock the show's row only (SELECT … FOR NO KEY UPDATE).
            lock_show_statement(request.show_id),
            *_place_statements(request),
            # This runs after the locks, so it sees what was committed while they were waited for.
            take_free_seats_statement(request),
        ]
        *_, taken = one_trip_with_commit(*statements)
        booking = held_booking(taken)
        if booking is None:
            return None
        transaction.on_commit(partial(seatmap.forget, request.show_id))
    return Hold(booking, now=booking.created_at)


def _person_statements(request: HoldRequest) -> list[Statement]:
    """Lock the person, then read what they have at other shows. None for staff without a key."""
    if not request.limits and not request.key:
        return []
    return [
        lock_person_statement(request.user_id),
        person_elsewhere_statement(request.user_id, request.show_id, request.key),
    ]


def _place_statements(request: HoldRequest) -> list[Statement]:
    """Read whether the person is inside of the on-sales of their passes. None without a pass."""
    if not request.signed:
        return []
    return [inside_statement(request.user_id, [own.on_sale_id for own in request.signed])]


def _hold_blocked_seats(request: HoldRequest) -> Hold:
    """Slow path: expire or swap whatever blocks the hold, or raise the reason."""
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        # Lock both again, because the end of the fast path's transaction released the locks. The
        # show is locked by its row only (SELECT … FOR NO KEY UPDATE).
        show, elsewhere, inside = _lock_and_read(request)
        seats = seats_to_hold(request)
        check_labels(request.labels, [seat.label for seat in seats])
        lapsed = {seat.booking_id for seat in seats if seat.holder_lapsed}
        must_lock = bool(lapsed) or seats[0].has_earlier
        locked = lock_bookings(request.show_id, _in_the_way(request, lapsed)) if must_lock else []
        # Read the clock again, because the wait for the bookings' locks took time.
        now = database_now() if must_lock else seats[0].now
        refusal = _refused_on_sale(request, show, inside, now)
        outcome = _decide(request, show, elsewhere, seats, locked, refusal, now)
    if isinstance(outcome, SeatsUnavailable | OnSaleError):
        # Raised after the commit. It may have written offers to the waiting list, which must stay.
        # Also, a rollback would make psycopg prepare all statements of this connection again, and a
        # show that is nearly sold out refuses most holds.
        raise outcome
    return Hold(outcome, now)


def _lock_and_read(request: HoldRequest) -> tuple[Show, Elsewhere | None, list[int | None]]:
    """Lock the person and the show. Returns the show, what the person has elsewhere, and the
    on-sales that they are inside of. Raises ShowNotFound.
    """
    person, places = _person_statements(request), _place_statements(request)
    found = one_trip(*person, lock_show_statement(request.show_id), *places)
    show = first_row(Show, found[len(person)])
    if show is None:
        raise ShowNotFound
    elsewhere = Elsewhere.of(found[len(person) - 1]) if person else None
    return show, elsewhere, inside_of(found[-1]) if places else []


def _in_the_way(request: HoldRequest, lapsed: set[int | None]) -> Q:
    """The condition for the bookings of the show that may block the hold.

    These are the lapsed holds on the seats, the person's hold, and the person's booking with the
    same key.
    """
    concerned = Q(pk__in=lapsed) | Q(user=request.user_id, status=PENDING)
    if request.key:
        concerned |= Q(user=request.user_id, idempotency_key=request.key)
    return concerned


def _decide(
    request: HoldRequest,
    show: Show,
    elsewhere: Elsewhere | None,
    seats: list[SeatToHold],
    locked: list[Booking],
    refusal: OnSaleError | None,
    now: datetime,
) -> Booking | SeatsUnavailable | OnSaleError:
    """The new hold, or the earlier booking that answers the same request.

    The caller has locked the person, the show and the bookings `locked`. `elsewhere` is None for
    staff without a key. `refusal` is the on-sale's, and is returned for new seats. If seats are
    lost, SeatsUnavailable is returned, and nothing was written but offers to the waiting list.
    Other errors are raised.
    """
    if elsewhere and elsewhere.has_used_key:
        raise IdempotencyKeyReused
    repeated = _same_key(request, locked)
    if repeated:
        return repeated
    if show.is_cancelled or show.has_started(now):
        raise ShowNotBookable(
            "This show was cancelled." if show.is_cancelled else "This show has already begun."
        )
    own = next((b for b in locked if b.user_id == request.user_id), None)
    current = own if own and not own.has_lapsed(now) else None
    if current and current.seats == [seat.label for seat in seats]:
        return current
    # Decide by `locked`. `seats` was read before the bookings were locked: a hold that had lapsed
    # there may have been confirmed just in time.
    ending = {b.pk: b for b in locked if b is current or b.has_lapsed(now)}
    if refusal:
        return refusal
    lost = [s.label for s in seats if s.booking_id and s.booking_id not in ending]
    if lost:
        return SeatsUnavailable(lost)
    if request.limits and elsewhere:
        request.limits.check(
            user_id=request.user_id,
            show_id=show.pk,
            elsewhere=elsewhere,
            held_from=request.held_from,
            seats=len(seats),
            now=now,
        )
    lapsed = [b for b in ending.values() if b is not current]
    count_seats(show, end_bookings(lapsed, now, LAPSED))
    if lapsed and seats[0].is_waited_for and (answer := _serve_the_line(request, show, now)):
        return answer
    new = _take(request, show, current, now)
    if current and seats[0].is_waited_for:
        offer_free_seats(show, now)
    return new


def _refused_on_sale(
    request: HoldRequest, show: Show, inside: list[int | None], now: datetime
) -> OnSaleError | None:
    """Why the on-sale of the show lets this person hold nothing. None if it does, or there is none.

    The same condition as in TAKE_FREE_SEATS.
    """
    if not request.needs_pass or show.on_sale_id is None:
        return None
    if show.sale_closed:
        return SaleClosed()
    try:
        check_passes(request.passes, show.on_sale_id, request.user_id, now)
    except PassRequired as error:
        return error
    return None if show.on_sale_id in inside else PassUsed(show.on_sale_id)


def _take(request: HoldRequest, show: Show, current: Booking | None, now: datetime) -> Booking:
    """End the person's hold `current`, if any, and take the seats."""
    if current:
        count_seats(show, end_bookings([current], now, LAPSED, swapped=current))
    # A swap keeps the time at which the hold ends, so that nobody can hold seats for ever.
    new = take_free_seats(request, now=now, expires_at=current.expires_at if current else None)
    if new is None:
        raise RuntimeError(f"show {show.pk}: a seat changed hands without the show's lock")
    return new


def _serve_the_line(
    request: HoldRequest, show: Show, now: datetime
) -> Booking | SeatsUnavailable | None:
    """Offer the seats of lapsed holds to the waiting list, before the request takes some of them.

    Returns the answer to the request if its seats were offered, else None. If the person of the
    request was the next in line, their offer is the answer, or the reason.
    """
    wanted = set(request.labels)
    offers = offer_free_seats(show, now, first=request.labels)
    own = next((offer for offer in offers if offer.user_id == request.user_id), None)
    if own:
        return own if set(own.seats) == wanted else OfferedInstead(own.seats)
    offered = [label for offer in offers for label in offer.seats if label in wanted]
    return SeatsUnavailable(offered) if offered else None


def _same_key(request: HoldRequest, locked: list[Booking]) -> Booking | None:
    """The person's booking with the request's key; None if there is none.

    Raises IdempotencyKeyReused if that booking was made by a different request.
    """
    for booking in locked:
        # `locked` has lapsed holds of other people too, and one may have the same key.
        is_own = booking.user_id == request.user_id
        if request.key and is_own and booking.idempotency_key == request.key:
            if booking.idempotency_hash != request.hash:
                raise IdempotencyKeyReused
            return booking
    return None

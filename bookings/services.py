"""Every change of state of a booking (docs/spec.md §4).

The locking rules, the same in every function:

1. One `transaction.atomic()` block holds the whole decision. Its first statement locks the show's
   row, alone; what is decided on is read by later statements, under that lock.
2. One order everywhere: show, then the person (`hold_limits`), then bookings, then seats, each by
   primary key. `confirm_booking` locks no show, so a lapsed hold that is about to be ended is
   locked and read again first.
3. The clock is the database's, read by a statement after the lock was got.
4. Nothing slow happens under a lock; what follows from a change goes through `on_commit`.
5. Waits are bounded (`lock_timeout`); one that runs out is ShowBusy, and nothing was changed.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache, partial

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from psycopg.errors import LockNotAvailable

from accounts.models import User
from bookmyshow.core.clock import database_now
from bookmyshow.core.db.prepared import prepared_row, statement
from bookmyshow.core.observability import metrics
from shows.models import Seat, Show
from shows.seatmap import current as seatmap

from .errors import (
    BookingExpired,
    BookingNotFound,
    BookingNotPending,
    BookingUsed,
    EmailNotConfirmed,
    IdempotencyKeyReused,
    SeatsUnavailable,
    ShowBusy,
    ShowMoved,
    ShowNotBookable,
    ShowNotFound,
)
from .hold_limits import HoldLimits, lock_person, most_seats_to_confirm
from .holds_sql import SeatsToTake, SeatToHold, expire_holds_of, lock_and_confirm, seats_to_hold
from .models import Admission, Booking
from .seat_choice import check_labels, distinct_labels, request_hash

log = logging.getLogger(__name__)

PENDING, CONFIRMED = Booking.Status.PENDING, Booking.Status.CONFIRMED
FAILED, CANCELLED = Booking.Status.FAILED, Booking.Status.CANCELLED
LAPSED, RELEASED = Booking.EndedReason.LAPSED, Booking.EndedReason.RELEASED
SWAPPED, BY_CUSTOMER = Booking.EndedReason.SWAPPED, Booking.EndedReason.CUSTOMER


@contextmanager
def booking_transaction() -> Iterator[None]:
    """One atomic decision whose wait for a lock is bounded. Raises ShowBusy when it ran out.

    A refusal of taken seats, which comes before anything is written, is raised after a commit: a
    rollback would have the connection prepare its statements anew, and a show that is nearly sold
    out refuses most.
    """
    refusal = None
    try:
        with transaction.atomic():
            try:
                yield
            except SeatsUnavailable as error:
                refusal = error
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise ShowBusy from error
        raise
    if refusal:
        raise refusal


@metrics.booking_attempt("hold")
def hold_seats(
    *,
    user: User,
    show_id: int,
    labels: Iterable[str],
    idempotency_key: str | None = None,
    held_from: str = "",
) -> Booking:
    """Hold seats for BOOKING_EXPIRY_MINUTES, all or none, swapping this person's hold at the show.

    The same seats again return the same booking, as does the same `idempotency_key` with the same
    request; its `now` is the moment of the decision. `held_from` stands for the client's address.
    Raises InvalidSeats, SeatsUnavailable, ShowNotFound, ShowNotBookable, ShowBusy,
    IdempotencyKeyReused, and TooManySeats, TooManyHolds, HoldPaused, AddressLimit (`hold_limits`).
    """
    wanted = distinct_labels(labels)
    seats = SeatsToTake(
        show_id=show_id,
        labels=wanted,
        user_id=user.pk,
        key=idempotency_key or None,
        hash=request_hash(show_id, wanted),
        limits=HoldLimits.of(user),
        held_from=held_from,
    )
    with booking_transaction():
        # Most people hold for the first time, and take what is free. That is committed at once, so
        # for whatever is in the way the show is locked again.
        booking = seats.lock_and_take(show_to_lock())
        if booking is None:
            return _hold_in_spite(seats, lock_show(show_id))
        booking.now = booking.created_at
        transaction.on_commit(partial(seatmap.forget, show_id))
    return booking


@metrics.booking_attempt("confirm")
def confirm_booking(*, user: User, reference: str, starts_at: datetime | None = None) -> Booking:
    """Make a hold a sale (docs/spec.md §4.6). Doing it again is a success that changes nothing.

    `starts_at` is the start that the buyer was shown; None for no check. Raises
    BookingNotFound, BookingExpired, BookingNotPending, EmailNotConfirmed, ShowMoved, ShowBusy.
    """
    most_seats = most_seats_to_confirm(user)
    with booking_transaction():
        booking, now, confirmed = lock_and_confirm(
            booking_to_lock(),
            user_id=user.pk,
            reference=reference,
            most_seats=most_seats,
            starts_at=starts_at,
        )
        if booking is None:
            raise BookingNotFound
        if not confirmed:
            if booking.status == CONFIRMED:
                return booking
            if booking.status_at(now) == PENDING:
                show = Show.objects.get(pk=booking.show_id)
                if starts_at not in {None, show.starts_at}:
                    raise ShowMoved
                raise EmailNotConfirmed(most_seats or 0)
            raise BookingExpired if booking.reason_at(now) == LAPSED else BookingNotPending
        booking.status = CONFIRMED
        booking.confirmed_at = booking.updated_at = now
        transaction.on_commit(partial(seatmap.forget, booking.show_id))
        taken = (now - booking.created_at).total_seconds()
        transaction.on_commit(partial(metrics.HOLD_TO_CONFIRM.observe, taken))
    return booking


@metrics.booking_attempt("release")
def release_hold(*, user: User, reference: str) -> Booking:
    """Let a hold go. One that is over already is returned unchanged.

    Raises BookingNotFound, BookingNotPending (it is confirmed), ShowBusy.
    """
    return _give_back(user, reference, {PENDING})


@metrics.booking_attempt("cancel")
def cancel_booking(*, user: User, reference: str) -> Booking:
    """Cancel a confirmed booking before its show begins; its seats are free again.

    One that is over already is returned unchanged. Raises BookingNotFound, BookingNotPending
    (it is a hold: release that), BookingUsed (its people went in), ShowNotBookable (the show
    began), ShowBusy.
    """
    return _give_back(user, reference, {CONFIRMED})


@metrics.booking_attempt("give back")
def give_back_booking(*, user: User, reference: str) -> Booking:
    """Release a hold or cancel a confirmed booking, whichever it is; errors as for those."""
    return _give_back(user, reference, {PENDING, CONFIRMED})


@metrics.timed_sweep
def expire_holds() -> int:
    """Write down every lapsed hold as FAILED and free its seats; returns how many there were.

    One show a transaction; a show that someone has locked is skipped, and waited for (bounded by
    `lock_timeout`) once the others are done. Safe to run many at once.
    """
    show_ids = list(
        # Now() is the statement's start, unlike the moving clock an index can be searched for it.
        Booking.objects.lapsed(at=Now()).order_by("show").values_list("show", flat=True).distinct()
    )
    missed = []
    expired = 0
    for show_id in show_ids:
        try:
            count = _expire_holds_of(show_id, skip_locked=True)
        except ShowBusy:
            count = None  # Not the show is locked, but a booking: a confirmation hangs.
        if count is None:
            missed.append(show_id)
        expired += count or 0
    for show_id in missed:
        try:
            expired += _expire_holds_of(show_id, skip_locked=False) or 0
        except ShowBusy:
            log.warning("show %s stayed locked; its lapsed holds wait for the next sweep", show_id)
    return expired


def _hold_in_spite(wanted: SeatsToTake, show: Show) -> Booking:
    """The hold that met something in its way: say what, or end it if it may be ended."""
    seats = seats_to_hold(show.pk, wanted.labels, user_id=wanted.user_id, key=wanted.key)
    check_labels(wanted.labels, seats)
    lapsed = {seat.booking_id for seat in seats if seat.holder_lapsed}
    concerned = Q(user=wanted.user_id, show=show, status=PENDING) | Q(pk__in=lapsed)
    if wanted.key:
        concerned |= Q(user=wanted.user_id, idempotency_key=wanted.key)
    needed = lapsed or seats[0].has_earlier
    # Seats that are lost in any case need no lock: on opening night most holds are refused.
    if wanted.limits and (needed or not any(seat.booking_id for seat in seats)):
        lock_person(wanted.user_id)
    locked = lock_bookings(concerned) if needed else []
    # The wait for those locks took its time too.
    now = database_now() if needed else seats[0].now
    booking = _decide(wanted, show, seats, locked, now)
    booking.now = now
    return booking


def _decide(
    wanted: SeatsToTake,
    show: Show,
    seats: Sequence[SeatToHold],
    locked: list[Booking],
    now: datetime,
) -> Booking:
    """With the show and the bookings concerned locked: a hold, old or new, or why there is none."""
    for booking in locked:
        # A lapsed hold of someone else's may have the same key.
        if wanted.key and (booking.user_id, booking.idempotency_key) == (
            wanted.user_id,
            wanted.key,
        ):
            if booking.idempotency_hash != wanted.hash:
                raise IdempotencyKeyReused
            return booking
    if show.is_cancelled or show.has_started(now):
        raise ShowNotBookable(
            "This show was cancelled." if show.is_cancelled else "This show has already begun."
        )
    own = next((b for b in locked if b.user_id == wanted.user_id), None)
    keeps = own if own and not own.has_lapsed(now) else None
    if keeps and keeps.seats == [seat.label for seat in seats]:
        return keeps
    # Read again under its lock, a lapsed hold may have been confirmed in time after all.
    ending = {b.pk: b for b in locked if b is keeps or b.has_lapsed(now)}
    lost = [s.label for s in seats if s.booking_id and s.booking_id not in ending]
    if lost:
        raise SeatsUnavailable(lost)
    if wanted.limits:
        wanted.limits.check(
            user_id=wanted.user_id,
            show_id=show.pk,
            held_from=wanted.held_from,
            seats=len(seats),
            now=now,
        )
    count_seats(show, end_bookings(ending.values(), now, LAPSED, swapped=keeps))
    # A swap keeps the old end, so that no one can hold for ever.
    new = wanted.take(now, keeps.expires_at if keeps else None)
    if new is None:
        # Only a key is anybody's business beyond this show's lock: another show was faster.
        if Booking.objects.filter(user=wanted.user_id, idempotency_key=wanted.key).exists():
            raise IdempotencyKeyReused
        raise RuntimeError(f"show {show.pk}: a seat changed hands without the show's lock")
    return new


def _give_back(user: User, reference: str, accepted: set[Booking.Status]) -> Booking:
    show_id = (
        Booking.objects.filter(user=user, reference=reference)
        .values_list("show_id", flat=True)
        .first()
    )
    if show_id is None:
        raise BookingNotFound
    with booking_transaction():
        show = lock_show(show_id)
        (booking,) = lock_bookings(Q(user=user, reference=reference))
        now = database_now()
        if booking.has_lapsed(now):
            count_seats(show, end_bookings([booking], now, LAPSED))
            return booking
        if booking.status in {FAILED, CANCELLED}:
            return booking
        if booking.status not in accepted:
            raise BookingNotPending(
                "This booking is confirmed; cancel it instead."
                if booking.status == CONFIRMED
                else "This booking is a hold; let it go instead."
            )
        if booking.status == CONFIRMED and show.has_started(now):
            raise ShowNotBookable("The show has begun; its tickets can't be cancelled any more.")
        if Admission.objects.filter(booking=booking).exists():
            raise BookingUsed
        count_seats(
            show,
            end_bookings([booking], now, RELEASED if booking.status == PENDING else BY_CUSTOMER),
        )
    return booking


def _expire_holds_of(show_id: int, *, skip_locked: bool) -> int | None:
    """Expire one show's lapsed holds; None when the show is locked and was to be skipped.

    A show whose rows break a constraint (after a change by hand) is logged and left as it is.
    """
    try:
        with booking_transaction():
            if not skip_locked:
                lock_show(show_id)
            elif not _lock_show_if_free(show_id):
                return None
            lapsed = expire_holds_of(show_id)
            if lapsed:
                transaction.on_commit(partial(seatmap.forget, show_id))
    except IntegrityError:
        log.exception("show %s can't be swept; see `manage.py check_integrity`", show_id)
        return 0
    for reference, seats in lapsed:
        log.info("hold %s lapsed; seats %s are free", reference, " ".join(seats))
    return len(lapsed)


def lock_show(show_id: int) -> Show:
    """The show's row, locked; foreign keys to it can still be written (no_key)."""
    show = prepared_row(Show, show_to_lock(), [show_id])
    if show is None:
        raise ShowNotFound
    return show


@cache
def show_to_lock(*, skip_locked: bool = False) -> str:
    """The statement, built once: building it takes longer than the database needs to answer."""
    rows = Show.objects.select_for_update(no_key=True, skip_locked=skip_locked)
    return statement(rows.filter(pk=0))


def _lock_show_if_free(show_id: int) -> Show | None:
    return prepared_row(Show, show_to_lock(skip_locked=True), [show_id])


@cache
def booking_to_lock() -> str:
    """The statement that locks one person's booking alone; see `show_to_lock`."""
    return statement(
        Booking.objects.select_for_update(no_key=True).filter(reference="", user=0).order_by()
    )


def lock_bookings(concerned: Q) -> list[Booking]:
    """The bookings, locked by primary key and as they are once the wait for them is over."""
    return list(Booking.objects.select_for_update(no_key=True).filter(concerned).order_by("pk"))


def end_bookings(
    bookings: Iterable[Booking],
    now: datetime,
    reason: Booking.EndedReason,
    *,
    swapped: Booking | None = None,
) -> int:
    """Write locked bookings as over and free their seats; returns the number of seats freed."""
    ending = list(bookings)
    if not ending:
        return 0
    for booking in ending:
        booking.ended_reason = SWAPPED if booking is swapped else reason
        booking.status = CANCELLED if booking.status == CONFIRMED else FAILED
        booking.updated_at = now
    for status, ended_reason in {(b.status, b.ended_reason) for b in ending}:
        alike = [b.pk for b in ending if (b.status, b.ended_reason) == (status, ended_reason)]
        Booking.objects.filter(pk__in=alike).update(
            status=status, ended_reason=ended_reason, updated_at=now, held_from=""
        )
    return Seat.objects.filter(booking__in=ending).update(booking=None)


def count_seats(show: Show, change: int) -> None:
    """Keep the show's counter exact, and forget its drawn map once this is committed."""
    if change:
        Show.objects.filter(pk=show.pk).update(available_seats=F("available_seats") + change)
    transaction.on_commit(partial(seatmap.forget, show.pk))

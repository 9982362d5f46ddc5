"""Cancels or moves a show that people have tickets for.

Locks are taken in the order of docs/spec.md §4.2: show, bookings, seats, orders, payments. One
transaction writes the change, its effects on bookings, the refunds, the mails and the line in the
audit log. So after a
crash either all of it is in the database or nothing. The mails are sent later
(accounts/outbox/sending.py).
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, Sum

from accounts.models import User
from bookings.ending import count_seats, end_bookings
from bookings.errors import ShowBusy, ShowIsCancelled, ShowIsOver, TimeOutOfRange
from bookings.locks import lock_bookings, lock_show
from bookings.messages import services as messages
from bookings.messages.kinds import Kind
from bookings.models import Booking
from bookings.payments.models import Refund
from bookings.payments.refunds.cancelling import ShowMoney, give_back_all
from bookings.push.changes import write_show_cancelled, write_show_moved
from bookings.waiting_list.offers import offer_free_seats
from bookings.waiting_list.services import Why, close_list, tell_of_move
from bookmyshow.core.db.transactions import lock_timeout_raises
from bookmyshow.core.staff import audit
from bookmyshow.core.time import database_now
from shows.errors import ShowOverlaps
from shows.listings import home_lists
from shows.models import Show
from shows.screen_times import write_screen_times
from shows.seatmap import current as seatmap
from shows.services import (
    OVERLAP_CONSTRAINT,
    overlap_message,
    show_end,
    time_problem,
)

PENDING, CONFIRMED = Booking.Status.PENDING, Booking.Status.CONFIRMED
LAPSED, CINEMA = Booking.EndedReason.LAPSED, Booking.EndedReason.CINEMA


@dataclass(frozen=True, slots=True)
class Affected:
    """How many bookings, people and seats a change of a show would affect.

    `amount` is in the cinema's currency. `holds` counts live holds, `inside` the people admitted at
    the door.
    """

    bookings: int
    people: int
    seats: int
    amount: Decimal
    holds: int
    inside: int


@dataclass(frozen=True, slots=True)
class Changed:
    """How many bookings, people and seats a change affected; zeros if nothing was changed."""

    bookings: int = 0
    people: int = 0
    seats: int = 0

    def __str__(self) -> str:
        return ", ".join(
            f"{count} {one if count == 1 else many}"
            for count, one, many in (
                (self.bookings, "booking", "bookings"),
                (self.seats, "seat", "seats"),
                (self.people, "person", "people"),
            )
        )


def who_is_affected(*, show: Show, at: datetime) -> Affected:
    """Count the tickets, live holds and admitted people of a show."""
    sold = Booking.objects.filter(show=show, status=CONFIRMED)
    sums = sold.aggregate(
        bookings=Count("pk"),
        people=Count("user", distinct=True),
        seats=Sum("total_seats", default=0),
        amount=Sum("total_amount", default=Decimal(0)),
        inside=Sum("total_seats", default=0, filter=Q(admission__isnull=False)),
    )
    holds = Booking.objects.filter(show=show, status=PENDING, expires_at__gt=at).count()
    return Affected(holds=holds, **sums)


def cancel_show(*, by: User, show_id: int, why: str = "") -> Changed:
    """Cancel a show, its tickets (CANCELLED) and its holds (FAILED), and free the seats.

    All that was paid is owed back, and a queue sends it (payments/refunds/queue.py). People with
    tickets get a mail; `why` is a sentence for it. A second call changes nothing.
    Raises ShowIsOver, ShowNotFound, ShowBusy.
    """
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        show = lock_show(show_id)
        if show.is_cancelled:
            return Changed()
        live = lock_bookings(show_id, Q(status__in=[PENDING, CONFIRMED]))
        now = database_now()
        if show.ends_at <= now:
            raise ShowIsOver
        sold = [booking for booking in live if booking.status == CONFIRMED]
        lapsed = [booking for booking in live if booking.has_lapsed(now)]
        others = [booking for booking in live if not booking.has_lapsed(now)]
        freed = end_bookings(lapsed, now, LAPSED) + end_bookings(others, now, CINEMA)
        Show.objects.filter(pk=show.pk).update(status=Show.Status.CANCELLED, updated_at=now)
        write_screen_times([show.pk])
        count_seats(show, freed)
        close_list(show, now, Why.CANCELLED)
        money = give_back_all(
            show.pk, Q(), source=Refund.Source.SHOW, at=now, reason=why[:300], by=by
        )
        people = _tell(Kind.SHOW_CANCELLED, show, sold, {"why": why}, money)
        write_show_cancelled(show=show, tickets=sold)
        changed = Changed(len(sold), people, sum(booking.total_seats for booking in sold))
        owed = f" Refunds written: {money.refunds}." if money.refunds else ""
        audit.record(
            by=by, about=show, what=f"Show cancelled{_because(why)}; {_said(changed)}{owed}"
        )
        home_lists.forget()
    return changed


def move_show(*, by: User, show_id: int, starts_at: datetime, why: str = "") -> Changed:
    """Move a show to another time on its screen. Tickets stay valid; their owners get a mail.

    The owner of a hold gets the mail only after the hold is confirmed.

    Raises ShowIsOver, ShowIsCancelled, TimeOutOfRange, ShowOverlaps, MovieNotSchedulable,
    ShowNotFound, ShowBusy.
    """
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        show = lock_show(show_id)
        live = lock_bookings(show_id, Q(status__in=[PENDING, CONFIRMED]))
        now = database_now()
        if show.is_cancelled:
            raise ShowIsCancelled
        if show.has_started(now):
            raise ShowIsOver("This show has begun; it can't be moved any more.")
        if problem := time_problem(starts_at, at=now):
            raise TimeOutOfRange(problem)
        if starts_at == show.starts_at:
            return Changed()
        before = show.starts_at
        _write_times(show, starts_at, now)
        times = {"from": before.isoformat(), "to": starts_at.isoformat()}
        sold = [booking for booking in live if booking.status == CONFIRMED]
        people = _tell(Kind.SHOW_MOVED, show, sold, {"why": why, **times})
        for hold in live:
            if hold.status == PENDING and not hold.has_lapsed(now):
                messages.write_about_hold(
                    Kind.SHOW_MOVED, show=show, hold=hold, detail={"why": why, **times}
                )
        tell_of_move(show, moved_from=before)
        # An earlier start may have been too near for offers.
        offer_free_seats(show, now)
        write_show_moved(show=show, tickets=sold, before=before)
        changed = Changed(len(sold), people, sum(booking.total_seats for booking in sold))
        zone = show.screen.cinema.tz
        clocks = (
            f"{before.astimezone(zone):%d %b %Y %H:%M} to "
            f"{starts_at.astimezone(zone):%d %b %Y %H:%M}"
        )
        audit.record(
            by=by, about=show, what=f"Show moved from {clocks}{_because(why)}; {_said(changed)}"
        )
        transaction.on_commit(partial(seatmap.forget, show.pk))
        home_lists.forget()
    return changed


def _write_times(show: Show, starts_at: datetime, now: datetime) -> None:
    """Write the new times. Raises ShowOverlaps if the screen is not free, MovieNotSchedulable."""
    ends_at, busy_until = show_end(movie=show.movie, screen=show.screen, starts_at=starts_at)
    show.starts_at, show.ends_at, show.busy_until = starts_at, ends_at, busy_until
    try:
        # A savepoint, because the error message may run queries after an IntegrityError.
        with transaction.atomic():
            Show.objects.filter(pk=show.pk).update(
                starts_at=starts_at, ends_at=ends_at, busy_until=busy_until, updated_at=now
            )
            write_screen_times([show.pk])
    except IntegrityError as error:
        if OVERLAP_CONSTRAINT not in str(error):
            raise
        raise ShowOverlaps(overlap_message([show])) from error


def _tell(
    kind: Kind,
    show: Show,
    bookings: Iterable[Booking],
    detail: dict[str, Any],
    money: ShowMoney | None = None,
) -> int:
    """Write one mail to each person, about all their tickets; returns the number of people."""
    by_person: dict[int, list[Booking]] = {}
    for booking in bookings:
        by_person.setdefault(booking.user_id, []).append(booking)
    backs = money.by_person if money else {}
    messages.write_about_show(
        kind=kind,
        show=show,
        by_person=by_person,
        detail=detail,
        of_person={user: {"money": asdict(back)} for user, back in backs.items()},
    )
    return len(by_person)


def _because(why: str) -> str:
    return f" ({why})" if why else ""


def _said(changed: Changed) -> str:
    return f"{changed}, to be told by mail."

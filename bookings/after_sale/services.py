"""Staff cancel one booking. (Money without cancelling: payments/staff/refund_decisions.py.)

The locks are those of docs/spec.md §4.2. The cancellation, its refunds, the mail and the line in
the audit log are one transaction.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from bookings.ending import count_seats, end_bookings
from bookings.errors import BookingNotFound, BookingNotPending, ShowBusy, ShowIsOver
from bookings.locks import lock_bookings, lock_show
from bookings.messages.services import write_cancelled
from bookings.models import Booking
from bookings.payments.errors import PaymentDisputed
from bookings.payments.models import Refund
from bookings.payments.refunds.cancelling import (
    MoneyBack,
    give_back_all,
    give_back_by_policy,
    is_disputed,
    keep_what_was_paid,
)
from bookings.waiting_list.offers import offer_free_seats
from bookmyshow.core.currencies import from_minor
from bookmyshow.core.db.transactions import lock_timeout_raises
from bookmyshow.core.staff import audit
from bookmyshow.core.time import database_now
from shows.models import Show


class Back(StrEnum):
    """How much of the money goes back when staff cancel a booking."""

    EVERYTHING = "everything"
    POLICY = "policy"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Cancelled:
    booking: Booking
    money: MoneyBack


def cancel_for_customer(*, by: User, booking_id: int, back: Back, reason: str) -> Cancelled:
    """Cancel a confirmed booking, also one that was used at the door, until its show is over.

    The customer gets a mail; `reason` is for the cinema's records only. Raises BookingNotFound,
    BookingNotPending (it is not confirmed), ShowIsOver, PaymentDisputed (if money should go back),
    ShowBusy.
    """
    show_id = Booking.objects.filter(pk=booking_id).values_list("show_id", flat=True).first()
    if show_id is None:
        raise BookingNotFound
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        show = lock_show(show_id)
        (booking,) = lock_bookings(show_id, Q(pk=booking_id))
        now = database_now()
        if booking.status != Booking.Status.CONFIRMED:
            raise BookingNotPending(
                "This booking is not confirmed, so there is no ticket to cancel."
            )
        if show.ends_at <= now:
            raise ShowIsOver("This show is over. Its money can still be given back.")
        if back != Back.NOTHING and is_disputed(booking):
            raise PaymentDisputed
        count_seats(show, end_bookings([booking], now, Booking.EndedReason.CINEMA))
        offer_free_seats(show, now)
        money = _money_back(booking, show, back, at=now, by=by, reason=reason)
        write_cancelled(booking, money=asdict(money), by_customer=False)
        audit.record(by=by, about=booking, what=f"Booking cancelled; {_said(money)} ({reason}).")
    return Cancelled(booking, money)


def _money_back(
    booking: Booking, show: Show, back: Back, *, at: datetime, by: User, reason: str
) -> MoneyBack:
    source = Refund.Source.STAFF
    if back == Back.NOTHING:
        return keep_what_was_paid(booking, at=at)
    if back == Back.POLICY:
        return give_back_by_policy(booking, show=show, at=at, source=source, reason=reason, by=by)
    money = give_back_all(
        booking.show_id, Q(booking=booking.pk), source=source, at=at, reason=reason, by=by
    )
    return money.by_person.get(booking.user_id, MoneyBack())


def _said(money: MoneyBack) -> str:
    if not money.total:
        return "nothing goes back"
    return f"{from_minor(money.total, money.currency)} {money.currency} go back"

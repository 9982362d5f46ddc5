"""Releases a hold or cancels a confirmed booking, and frees its seats (docs/spec.md §4.12)."""

from dataclasses import asdict

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from bookmyshow.core.db.transactions import lock_timeout_raises
from bookmyshow.core.observability import metrics
from bookmyshow.core.time import database_now

from .confirmation import show_of
from .ending import count_seats, end_bookings
from .errors import BookingNotFound, BookingNotPending, BookingUsed, ShowBusy, ShowNotBookable
from .locks import lock_bookings, lock_show
from .messages.services import write_cancelled
from .models import Admission, Booking
from .payments.refunds.cancelling import abandon_order, give_back_by_policy
from .waiting_list.offers import offer_free_seats

PENDING, CONFIRMED = Booking.Status.PENDING, Booking.Status.CONFIRMED
FAILED, CANCELLED = Booking.Status.FAILED, Booking.Status.CANCELLED
LAPSED, RELEASED = Booking.EndedReason.LAPSED, Booking.EndedReason.RELEASED
BY_CUSTOMER = Booking.EndedReason.CUSTOMER


@metrics.booking_attempt("release")
def release_hold(*, user: User, reference: str, show_id: int | None = None) -> Booking:
    """Release a hold. A booking that has ended is returned unchanged.

    `show_id` is as in `confirm_booking`. A lapsed hold ends with the reason LAPSED. Raises
    BookingNotFound, BookingNotPending (it is confirmed), ShowBusy.
    """
    return _give_back(user, reference, show_id, {PENDING})


@metrics.booking_attempt("cancel")
def cancel_booking(
    *, user: User, reference: str, show_id: int | None = None, least_back: int | None = None
) -> Booking:
    """Cancel a confirmed booking before its show begins. What was paid goes back by the policy.

    `least_back` is the refund that the page promised, in the currency's minor unit. A booking that
    has ended is returned unchanged. Raises BookingNotFound, BookingNotPending (it is a hold),
    BookingUsed (it was used at the door), ShowNotBookable (the show began), RefundChanged (less
    than `least_back` comes back), PaymentDisputed, ShowBusy.
    """
    return _give_back(user, reference, show_id, {CONFIRMED}, least_back)


@metrics.booking_attempt("give back")
def give_back_booking(*, user: User, reference: str, show_id: int | None = None) -> Booking:
    """Release a hold or cancel a confirmed booking. A booking that has ended stays unchanged.

    Raises BookingNotFound, BookingUsed, ShowNotBookable, PaymentDisputed, ShowBusy.
    """
    return _give_back(user, reference, show_id, {PENDING, CONFIRMED})


def _give_back(
    user: User,
    reference: str,
    show_id: int | None,
    accepted: set[Booking.Status],
    least_back: int | None = None,
) -> Booking:
    if show_id is None:
        show_id = show_of(user, reference)
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        show = lock_show(show_id)
        found = lock_bookings(show_id, Q(user=user, reference=reference))
        if not found:
            # The hold moved to another person meanwhile (guests/moving.py).
            raise BookingNotFound
        booking = found[0]
        now = database_now()
        if booking.has_lapsed(now):
            count_seats(show, end_bookings([booking], now, LAPSED))
            offer_free_seats(show, now)
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
        if Admission.objects.filter(show=show_id, booking=booking).exists():
            raise BookingUsed
        was_hold = booking.status == PENDING
        count_seats(show, end_bookings([booking], now, RELEASED if was_hold else BY_CUSTOMER))
        offer_free_seats(show, now)
        if was_hold:
            abandon_order(booking, at=now)
        else:
            money = give_back_by_policy(booking, show=show, at=now, least=least_back)
            write_cancelled(booking, money=asdict(money), by_customer=True)
    return booking

"""Begins the payment of a booking: the order, the payment, and the provider's page to pay at.

Two short transactions with the provider's call between them, so no lock is held while the provider
is asked. Pressing Pay twice, in two tabs or after a crash leads to the same payment.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Min, Q

from accounts.models import User
from bookings.errors import (
    BookingExpired,
    BookingNotFound,
    BookingNotPending,
    EmailNotConfirmed,
    ShowBusy,
    ShowMoved,
    ShowNotBookable,
)
from bookings.hold_limits import check_buyer, most_seats_to_confirm, seats_bought
from bookings.locks import lock_bookings, lock_person
from bookings.models import Booking
from bookings.payments import providers
from bookings.payments.errors import AlreadyPaid, NothingToPay, PaymentsOff, ProviderUnavailable
from bookings.payments.locks import lock_orders, lock_payments
from bookings.payments.models import Order, OrderLine, Payment
from bookings.payments.orders.closing import end_order, end_state, stop_payable
from bookings.payments.orders.prices import Quote, quote
from bookings.payments.orders.writing import write_order
from bookings.payments.settlement.next_look import look_soon
from bookings.payments.settlement.opening import open_payment
from bookings.payments.states import PAYABLE, TAKEN, OrderState, PaymentState
from bookmyshow.core.db.transactions import lock_timeout_raises
from bookmyshow.core.time import database_now
from shows.models import Show
from shows.seatmap import current as seatmap

PENDING, CONFIRMED = Booking.Status.PENDING, Booking.Status.CONFIRMED
#: The payment ends this long before its hold, so that it is over when the seats are free.
MARGIN = timedelta(seconds=20)
#: However often Pay is pressed, a hold ends this long after it was made.
LONGEST_HOLD = timedelta(minutes=10)
#: The provider's page lives for an hour. An older one than this is not shown again.
PAGE_LIFE = timedelta(minutes=50)
#: How long to wait for another process that opens the same payment at this moment.
WAIT_SECONDS = 6


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where and until when a booking can be paid. Amounts are in the minor unit of `currency`."""

    url: str
    #: The fields to POST to `url`. None: follow it as a link.
    form: Mapping[str, str] | None
    #: The end of the payment; of a ticket that is paid later, the start of its show.
    expires_at: datetime
    total: int
    currency: str
    lines: Sequence[OrderLine]
    payment: Payment


def begin_checkout(*, user: User, reference: str, starts_at: datetime | None = None) -> Checkout:
    """Begin to pay for a hold, or for a ticket that is not paid yet. Calls the provider once.

    The first time, a hold is extended to PAYMENT_MINUTES from now. `starts_at` is the show's start
    that the buyer saw. Asking again returns the same payment.

    Raises PaymentsOff, NothingToPay, AlreadyPaid, BookingNotFound, BookingExpired (the time is
    over), BookingNotPending (let go or cancelled), ShowNotBookable (it began), ShowMoved,
    EmailNotConfirmed, GuestDetailsMissing, AccountNeeded, ShowBusy, ProviderUnavailable (nobody
    was charged; asking again is safe).
    """
    code = providers.active_code()
    if not code:
        raise PaymentsOff
    booking = Booking.objects.of(user).select_related("user").filter(reference=reference).first()
    if booking is None:
        raise BookingNotFound
    if booking.status == PENDING:
        check_buyer(booking.user, reference)
    # Prices and taxes are read before the locks. A seat's price never changes after its hold.
    price = quote(booking)
    if not price.total:
        raise NothingToPay
    payment, order = _write_payment(booking, price, code, starts_at)
    if payment.state == PaymentState.CREATED:
        payment = _opened(payment.pk)
    return Checkout(
        url=payment.checkout_url,
        form=payment.checkout_form,
        expires_at=order.pay_until,
        total=order.total,
        currency=order.currency,
        lines=list(order.lines.order_by("position")),
        payment=payment,
    )


def _opened(payment_id: int) -> Payment:
    """Open the payment at the provider, or wait for the process that opens it just now.

    Raises ProviderUnavailable, BookingNotPending (the booking ended meanwhile).
    """
    ends = time.monotonic() + WAIT_SECONDS
    while True:
        payment = open_payment(payment_id)
        if payment.state == PaymentState.OPEN:
            return payment
        if payment.state != PaymentState.CREATED:
            break
        is_elsewhere = payment.claimed_until is not None and payment.last_error == ""
        if not is_elsewhere or time.monotonic() >= ends:
            raise ProviderUnavailable
        time.sleep(0.1)
    if payment.state == PaymentState.FAILED:
        raise ProviderUnavailable("This payment can't be opened. Please try again later.")
    raise BookingNotPending


def _write_payment(
    booking: Booking, price: Quote, code: str, starts_at: datetime | None
) -> tuple[Payment, Order]:
    """The first transaction: the order, its payment, and the longer hold."""
    user = booking.user
    most_seats = most_seats_to_confirm(user)
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        bought = 0
        if most_seats is not None:
            lock_person(user.pk)
            # Under this lock alone, because it needs all shows.
            bought = seats_bought(user)
        found = lock_bookings(booking.show_id, Q(pk=booking.pk))
        # The hold of a guest may have moved to an account meanwhile (guests/moving.py).
        if not found or found[0].user_id != user.pk:
            raise BookingNotFound
        locked = found[0]
        # All of this person's orders at this show, so that one of a swapped hold ends now.
        orders = lock_orders(
            locked.show_id, Q(booking=locked) | Q(user=user, state=OrderState.OPEN)
        )
        payments = lock_payments(locked.show_id, Q(order__in=orders))
        now = database_now()
        _check(locked, starts_at, most_seats, bought, now)
        _end_orders_that_are_over(orders, payments, now)
        order = _live_order(locked, orders, now)
        if order is None:
            pay_until = _extend(locked, now)
            order = write_order(booking, price, now=now, pay_until=pay_until)
        own = [payment for payment in payments if payment.order_id == order.pk]
        return _usable_payment(order, own, code, now), order


def _check(
    booking: Booking,
    starts_at: datetime | None,
    most_seats: int | None,
    bought: int,
    now: datetime,
) -> None:
    """Whether this booking can be paid now. Raises what `begin_checkout` raises.

    `bought` are the seats that the person has bought, if that is limited (`most_seats`).
    """
    status = booking.status_at(now)
    if status not in {PENDING, CONFIRMED}:
        is_lapsed = booking.reason_at(now) == Booking.EndedReason.LAPSED
        raise BookingExpired if is_lapsed else BookingNotPending
    # A move of the show locks its bookings, so the start can't change now.
    show = Show.objects.only("starts_at").get(pk=booking.show_id)
    if show.has_started(now):
        raise ShowNotBookable("The show has begun, so it can't be paid online any more.")
    if starts_at not in {None, show.starts_at}:
        raise ShowMoved
    is_limited = status == PENDING and most_seats is not None
    if is_limited and bought + booking.total_seats > (most_seats or 0):
        raise EmailNotConfirmed(most_seats or 0, is_guest=booking.user.is_guest)


def _end_orders_that_are_over(orders: list[Order], payments: list[Payment], now: datetime) -> None:
    """End this person's OPEN orders at the show that can't be paid any more.

    Their holds are over, such as a swapped one. Or the hold became a ticket that is paid at the
    cinema, and the time of its order passed: a new order of this ticket can be written now.
    """
    still_open = [order for order in orders if order.state == OrderState.OPEN]
    found = _bookings_of(still_open)
    for order in still_open:
        state = end_state(order, found.get(order.booking_id), now)
        if state is not None:
            end_order(order, [p for p in payments if p.order_id == order.pk], state, now)


def _bookings_of(orders: list[Order]) -> dict[int, Booking]:
    """The bookings of orders of one show, by id."""
    shows = {order.show_id for order in orders}
    return Booking.objects.filter(show__in=shows).in_bulk([order.booking_id for order in orders])


def _live_order(booking: Booking, orders: list[Order], now: datetime) -> Order | None:
    """The order that this booking is paid by. Raises AlreadyPaid, BookingExpired."""
    own = [order for order in orders if order.booking_id == booking.pk]
    for order in own:
        if order.state == OrderState.PAID:
            raise AlreadyPaid
        if order.state == OrderState.UNPAID:
            return order
        if order.state == OrderState.OPEN and order.pay_until > now:
            return order
    if own and booking.status == PENDING:
        # The hold was extended once, and its time to pay is over. Its seats are free in seconds.
        raise BookingExpired
    return None


def _extend(booking: Booking, now: datetime) -> datetime:
    """Extend a locked hold once, and return the time at which its payment ends.

    A swap makes a new booking with the same end. So all holds of this person and show with this
    end count as one: its time began with the first of them, and it was extended already if an order
    has this end. A ticket can be paid until its show starts. Raises BookingExpired if too little
    time is left.
    """
    if booking.status == CONFIRMED:
        return Show.objects.only("starts_at").get(pk=booking.show_id).starts_at
    ends = booking.expires_at
    of_person = {"user": booking.user_id, "show": booking.show_id}
    if not Order.objects.filter(**of_person, pay_until=ends - MARGIN).exists():
        same_end = Booking.objects.filter(**of_person, expires_at=ends)
        held_since = same_end.aggregate(first=Min("created_at"))["first"]
        minutes = timedelta(minutes=settings.PAYMENT_MINUTES)
        ends = max(ends, min(now + minutes, held_since + LONGEST_HOLD))
    if ends - MARGIN <= now:
        raise BookingExpired
    if ends != booking.expires_at:
        Booking.objects.filter(show=booking.show_id, pk=booking.pk).update(
            expires_at=ends, updated_at=now
        )
        # The cached map says until when these seats are held.
        transaction.on_commit(lambda: seatmap.forget(booking.show_id))
    return ends - MARGIN


def _usable_payment(order: Order, payments: list[Payment], code: str, now: datetime) -> Payment:
    """The order's payment that the buyer can go on with, or a new one. Raises AlreadyPaid."""
    if any(p.state in TAKEN and not p.surplus for p in payments):
        raise AlreadyPaid
    if any(p.state == PaymentState.AUTHORISED for p in payments):
        raise AlreadyPaid("Your payment has arrived and is being booked. Please wait a moment.")
    for payment in payments:
        if payment.state not in PAYABLE:
            continue
        if _can_go_on(payment, code, now):
            if payment.state == PaymentState.FAILED:
                payment.move_to(PaymentState.OPEN)
                payment.updated_at = now
                look_soon(payment, now)
                payment.save()
            return payment
    stop_payable(payments, now)
    return Payment.objects.create(
        show_id=order.show_id,
        order=order,
        provider=code,
        amount=order.total,
        currency=order.currency,
        state=PaymentState.CREATED,
        created_at=now,
        updated_at=now,
        next_check_at=now + MARGIN,
    )


def _can_go_on(payment: Payment, code: str, now: datetime) -> bool:
    """Whether a payable payment has, or will get, a page of today's provider that still lives."""
    is_refused = payment.state == PaymentState.FAILED and not payment.reference
    return payment.provider == code and payment.created_at > now - PAGE_LIFE and not is_refused

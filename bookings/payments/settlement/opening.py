"""Opens a payment at its provider: the call, and the transaction that notes the answer.

The row of the payment, with its idempotency key (`uuid`), is committed before the call. If the
answer is lost, the call is repeated with the same values, which come from committed rows only.
"""

import logging
from collections import defaultdict
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from bookings.errors import ShowBusy
from bookings.payments import providers
from bookings.payments.locks import lock_payment
from bookings.payments.models import Order, OrderLine, Payment
from bookings.payments.providers.base import (
    Line,
    NewPayment,
    Opened,
    PaymentKey,
    ProviderError,
    ProviderRefused,
)
from bookings.payments.states import OrderState, PaymentState
from bookmyshow.core.db.transactions import lock_timeout_raises
from bookmyshow.core.time import database_now

from .next_look import NO_ANSWER, look_later, look_soon

log = logging.getLogger(__name__)

#: For this time no other process makes the call. Opening takes two calls of 5 s at most.
CLAIM = timedelta(seconds=15)


def payment_key(payment: Payment) -> PaymentKey:
    """The names of a payment for its provider."""
    return PaymentKey(
        uuid=payment.uuid,
        reference=payment.reference,
        charge=payment.charge,
        amount=payment.amount,
        currency=payment.currency,
    )


def return_path(payment: Payment, order: Order) -> str:
    """Where the provider sends the buyer back to."""
    return reverse("bookings:payment-return", args=[order.booking_reference, payment.uuid])


def open_payment(payment_id: int) -> Payment:
    """Open a CREATED payment at its provider. Returns the payment as it is afterwards.

    OPEN: the buyer can pay at `checkout_url`. CREATED: the provider did not answer, or another
    process makes the call now; the reconciler repeats it. FAILED: the provider refused. CANCELLED:
    the order is over. A payment that was never opened was shown to nobody, so ending it needs no
    call.
    """
    payment, is_repeat = _claim(payment_id)
    if payment is None:
        return Payment.objects.select_related("order").get(pk=payment_id)
    provider = providers.provider(payment.provider)
    try:
        opened = provider.create(_new_payment(payment, is_repeat=is_repeat))
    except ProviderRefused as error:
        log.error("payment %s: %s refused to open it: %s", payment_id, provider.name, error.code)
        return _note(payment_id, refused=error.code)
    except ProviderError as error:
        log.warning("payment %s: %s does not answer: %s", payment_id, provider.name, error)
        return _note(payment_id)
    return _note(payment_id, opened)


def _claim(payment_id: int) -> tuple[Payment | None, bool]:
    """Claim the call. Returns the payment, and whether an earlier process may have made the call.

    The payment is None if no call is to be made now: it was made, the order is over, or another
    process makes it.
    """
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        payment = lock_payment(payment_id)
        now = database_now()
        if payment.reference:
            return None, False
        if payment.state in {PaymentState.FAILED, PaymentState.CANCEL_DUE}:
            _end_unopened(payment)
            return None, False
        if payment.state != PaymentState.CREATED:
            return None, False
        order = Order.objects.get(show=payment.show_id, pk=payment.order_id)
        if order.state not in {OrderState.OPEN, OrderState.UNPAID} or order.pay_until <= now:
            _end_unopened(payment)
            return None, False
        earlier = payment.claimed_until
        if earlier is not None and earlier > now:
            return None, False
        payment.claimed_until = now + CLAIM
        payment.save(update_fields=["claimed_until"])
    payment.order = order
    return payment, earlier is not None


def _end_unopened(payment: Payment) -> None:
    """End a locked payment that no buyer ever saw: its address was never known."""
    if payment.state == PaymentState.FAILED:
        payment.move_to(PaymentState.CANCEL_DUE)
    payment.move_to(PaymentState.CANCELLED)
    payment.next_check_at = payment.claimed_until = None
    payment.updated_at = database_now()
    payment.save()


def _note(payment_id: int, opened: Opened | None = None, refused: str = "") -> Payment:
    """Write down the provider's answer, unless the payment was ended meanwhile."""
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        payment = lock_payment(payment_id)
        now = database_now()
        if payment.state != PaymentState.CREATED:
            return payment
        if opened is not None:
            payment.move_to(PaymentState.OPEN)
            payment.reference, payment.checkout_url = opened.reference, opened.url
            payment.checkout_form = dict(opened.form) if opened.form else None
            payment.opened_at = payment.updated_at = now
            payment.claimed_until = None
            payment.last_error = ""
            look_soon(payment, now)
        elif refused:
            payment.move_to(PaymentState.FAILED)
            payment.last_error = refused[:200]
            payment.claimed_until = payment.next_check_at = None
            payment.updated_at = now
        else:
            payment.last_error = NO_ANSWER
            # The next try need not wait for the claim, and is a repeat all the same.
            payment.claimed_until = now
            look_later(payment, now)
        payment.save()
    return payment


def _new_payment(payment: Payment, *, is_repeat: bool) -> NewPayment:
    """All that the provider needs, from committed rows."""
    order = payment.order
    address = settings.SITE_URL + return_path(payment, order)
    start = order.starts_at.astimezone(order.tz)
    return NewPayment(
        uuid=payment.uuid,
        order_reference=order.reference,
        amount=payment.amount,
        currency=payment.currency,
        lines=_lines(order),
        description=f"{order.film}, {start:%-d %b %H:%M}",
        return_url=address,
        cancel_url=f"{address}?closed",
        created_at=payment.created_at,
        email=order.email,
        is_repeat=is_repeat,
    )


def _lines(order: Order) -> tuple[Line, ...]:
    """The lines of the provider's page: seats of the same price together."""
    seats: dict[int, list[str]] = defaultdict(list)
    others = []
    for line in order.lines.order_by("position"):
        if line.kind == OrderLine.Kind.SEAT:
            seats[line.unit].append(line.seat)
        elif line.gross:
            others.append(Line(line.text, line.gross, line.quantity))
    grouped = [
        Line(
            f"{'Seat' if len(labels) == 1 else 'Seats'} {', '.join(labels)}"[:250],
            unit * len(labels),
            len(labels),
        )
        for unit, labels in seats.items()
        if unit
    ]
    return (*grouped, *others)

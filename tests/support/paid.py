"""Payments that were really made at the payment sandbox, for tests of what comes after them."""

from typing import Any

from django.utils import timezone

from bookings.payments import providers
from bookings.payments.models import Order, Payment
from bookings.payments.providers.base import Line, NewPayment, PaymentKey
from bookings.payments.states import OrderState, PaymentState
from tests.support.money import make_payment
from tests.support.sandbox import Sandbox


def pay_online(sandbox: Sandbox, order: Order, **fields: Any) -> Payment:
    """Pay an order at the sandbox, take the money, and write down the payment."""
    provider = providers.active()
    assert provider is not None
    payment = make_payment(
        order, PaymentState.OPEN, reference="", charge="", provider=provider.code
    )
    opened = provider.create(
        NewPayment(
            uuid=payment.uuid,
            order_reference=order.reference,
            amount=payment.amount,
            currency=payment.currency,
            lines=(Line("Seats", payment.amount),),
            description=order.film,
            return_url="http://127.0.0.1/back",
            cancel_url="http://127.0.0.1/back",
            created_at=timezone.now(),
        )
    )
    sandbox.pay(opened.reference)
    taken = provider.capture(
        PaymentKey(payment.uuid, opened.reference, "", payment.amount, payment.currency)
    )
    Payment.objects.filter(pk=payment.pk).update(
        state=PaymentState.CAPTURED,
        reference=opened.reference,
        charge=taken.charge,
        captured=taken.captured,
        captured_at=timezone.now(),
        **fields,
    )
    Order.objects.filter(pk=order.pk, state=OrderState.OPEN).update(state=OrderState.PAID)
    payment.refresh_from_db()
    order.refresh_from_db()
    return payment

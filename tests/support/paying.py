"""Pays for bookings at the sandbox, and checks that no money was lost."""

from django.db.models import Sum

from accounts.outbox.models import Message
from bookings.models import Booking
from bookings.payments.checkout.begin import MARGIN, Checkout, begin_checkout
from bookings.payments.models import Order, Payment
from bookings.payments.settlement.observe import observe
from bookings.payments.states import OrderState, PaymentState
from shows.models import Show

from .factories import lapse
from .races import assert_sold_once
from .sandbox import Sandbox


def press(held: Booking) -> Checkout:
    """Press Pay for a booking."""
    return begin_checkout(user=held.user, reference=held.reference)


def seen(checkout: Checkout) -> Payment:
    """The payment of a checkout after `observe`."""
    return observe(checkout.payment.pk)


def order_of(checkout: Checkout) -> Order:
    return Order.objects.get(pk=checkout.payment.order_id)


def mails() -> list[str]:
    """The kinds of all mails, oldest first."""
    return list(Message.objects.order_by("pk").values_list("kind", flat=True))


def run_out(held: Booking) -> None:
    """Let the time of a hold and of its order run out."""
    held.refresh_from_db()
    lapse(held)
    Order.objects.filter(booking=held.pk).update(pay_until=held.expires_at - MARGIN)


def status_of(booking: Booking) -> str:
    booking.refresh_from_db()
    return booking.status


def assert_conserved(sandbox: Sandbox) -> None:
    """Assert that our books are the provider's, and that what was taken is kept or goes back.

    Also that no seat is sold twice, and that whoever paid has the seats.
    """
    for facts in sandbox.all_facts():
        payment = Payment.objects.filter(reference=facts["id"]).first()
        if payment is not None and payment.state != PaymentState.REVIEW:
            assert payment.captured == facts["captured"], (payment, facts)
    for payment in Payment.objects.filter(state=PaymentState.CAPTURED).annotate(
        back=Sum("refunds__amount", default=0)
    ):
        order = payment.order
        if payment.surplus:
            assert payment.back == payment.captured
        elif order.state == OrderState.PAID:
            assert order.booking.status == Booking.Status.CONFIRMED
            assert payment.captured == order.total
        else:
            assert order.state == OrderState.CANCELLED
    for order in Order.objects.filter(state=OrderState.PAID):
        assert order.payments.kept().count() == 1
    for show in Show.objects.all():
        assert_sold_once(show)

"""Captured payments for tests of invoices, without a provider."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from bookings.payments.models import Payment, Refund
from bookings.payments.states import PaymentState, RefundState
from shows.models import Cinema, Show
from tests.support.factories import make_booking, make_cinema, make_screen, make_show
from tests.support.money import make_order, make_payment, make_refund

MUMBAI = {
    "legal_name": "Arcadia Cinemas Private Limited",
    "tax_number": "27AAPFU0939F1ZV",
    "tax_place": "IN-MH",
    "address": "Senapati Bapat Marg, Lower Parel",
}


def make_taxed_show(**fields: Any) -> Show:
    """A show in a cinema in Mumbai that has what invoices name."""
    cinema: Cinema = fields.pop("cinema", None) or make_cinema(**MUMBAI)
    return make_show(screen=make_screen(cinema=cinema), **fields)


def make_paid(
    show: Show, labels: list[str], *, at: datetime | None = None, fee: int = 0, **fields: Any
) -> Payment:
    """A captured payment for a booking of these seats."""
    order = make_order(make_booking(show, labels), fee=fee, state="PAID")
    moment = at or timezone.now()
    values = {"captured": order.total, "captured_at": moment}
    return make_payment(order, PaymentState.CAPTURED, **(values | fields))


def make_given_back(payment: Payment, amount: int | None = None, **fields: Any) -> Refund:
    """A refund that succeeded."""
    whole = payment.captured if amount is None else amount
    values = {"state": RefundState.SUCCEEDED, "next_try_at": None}
    return make_refund(payment, whole, **(values | fields))

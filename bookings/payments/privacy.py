"""A person's orders: in the export of their data, and what of them is forgotten."""

from typing import Any

from django.db.models import Prefetch, Q

from accounts.models import User
from bookmyshow.core.currencies import from_minor

from .locks import lock_orders, lock_payments
from .models import Dispute, Order, OrderLine, Payment, Refund
from .states import OrderState, PaymentState, RefundState

#: Something is still to be done about the money.
UNDER_WAY = [
    PaymentState.AUTHORISED,
    PaymentState.CAPTURE_DUE,
    PaymentState.CANCEL_DUE,
    PaymentState.VOID_DUE,
]


def orders_of(user: User) -> list[dict[str, Any]]:
    """All orders of a person with their lines, payments and refunds, newest first.

    Money is a decimal string in the order's currency. The provider's ids are left out: they are
    keys of its dashboard, and say nothing about the person.
    """
    payments = Payment.objects.order_by("pk").prefetch_related(
        Prefetch("refunds", Refund.objects.order_by("pk"))
    )
    orders = Order.objects.filter(user=user).order_by("-created_at", "-pk")
    orders = orders.prefetch_related(
        Prefetch("lines", OrderLine.objects.order_by("position")), Prefetch("payments", payments)
    )
    return [_order(order) for order in orders]


def _order(order: Order) -> dict[str, Any]:
    def money(amount: int) -> str:
        return str(from_minor(amount, order.currency))

    return {
        "reference": order.reference,
        "booking": order.booking_reference,
        "email": order.email,
        "film": order.film,
        "cinema": order.cinema_name,
        "startsAt": order.starts_at,
        "status": order.state,
        "currency": order.currency,
        "total": money(order.total),
        "createdAt": order.created_at,
        "lines": [
            {"text": line.text, "amount": money(line.gross), "tax": money(line.tax)}
            for line in order.lines.all()
        ],
        "payments": [
            {
                "paidWith": payment.provider,
                "method": payment.method,
                "status": payment.state,
                "amount": money(payment.amount),
                "taken": money(payment.captured),
                "takenAt": payment.captured_at,
                "createdAt": payment.created_at,
                "refunds": [
                    {
                        "amount": money(refund.amount),
                        "status": refund.state,
                        "why": refund.get_source_display(),
                        "createdAt": refund.created_at,
                        "arrivedAt": refund.ended_at,
                    }
                    for refund in payment.refunds.all()
                ],
            }
            for payment in order.payments.all()
        ],
    }


def forget_orders(user: User) -> None:
    """Blank the address in the orders, and the provider's pages, which were opened with it."""
    shows = Order.objects.filter(user=user).order_by().values_list("show_id", flat=True)
    for show_id in sorted(set(shows)):
        # Lock the orders, then the payments, each in the order of their ids.
        orders = [order.pk for order in lock_orders(show_id, Q(user=user))]
        lock_payments(show_id, Q(order__in=orders))
        Order.objects.filter(show=show_id, pk__in=orders).exclude(email="").update(email="")
        Payment.objects.filter(show=show_id, order__in=orders).filter(
            ~Q(checkout_url="") | Q(checkout_form__isnull=False)
        ).update(checkout_url="", checkout_form=None)


def money_under_way(user: User) -> list[str]:
    """Why staff may not anonymise this person now: somebody must still be able to reach them."""
    payments = Payment.objects.filter(order__user=user)
    tries = Refund.objects.latest_tries().filter(payment__order__user=user)
    unsettled = [RefundState.DUE, RefundState.SENT, RefundState.FAILED, RefundState.MANUAL]
    states = [Dispute.State.NEEDS_RESPONSE, Dispute.State.UNDER_REVIEW]
    found = {
        "An order is being paid, or is still to be paid.": Order.objects.filter(
            user=user, state__in=[OrderState.OPEN, OrderState.UNPAID]
        ),
        "Money is being taken or released.": payments.filter(state__in=UNDER_WAY),
        "A payment waits for a review.": payments.to_review(),
        "Money is on its way back.": tries.filter(state__in=unsettled),
        "A payment is disputed.": Dispute.objects.filter(payment__in=payments, state__in=states),
    }
    return [sentence for sentence, rows in found.items() if rows.exists()]

"""What happens to money, for both protocols. Each function runs inside the caller's transaction.

A function that changes something announces it: the protocol's events are written in the same
transaction.
"""

from typing import Any

from . import faults
from .announcements import announce
from .models import (
    STRIPE,
    Dispute,
    Later,
    Payment,
    Purchase,
    Refund,
    new_id,
    unix_now,
)

DAY = 86_400
DECLINED = {"code": "card_declined", "decline_code": "insufficient_funds"}


class Refused(Exception):
    """The change is not possible now. `code` is one of the sandbox's own words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def attempt(purchase: Purchase) -> Payment:
    """The payment that the customer's next attempt belongs to.

    Stripe keeps one PaymentIntent for a session; Razorpay makes a payment for each attempt.
    """
    latest = purchase.payment
    if purchase.dialect == STRIPE and latest:
        return latest
    prefix = "pi_3" if purchase.dialect == STRIPE else "pay_"
    return Payment.objects.create(
        id=new_id(prefix, 23 if purchase.dialect == STRIPE else 14),
        purchase=purchase,
        amount=purchase.amount,
        currency=purchase.currency,
    )


def must_be_open(purchase: Purchase) -> None:
    """Raise Refused if nothing can be paid for this purchase any more."""
    expired = purchase.expires_at and purchase.expires_at <= unix_now()
    if purchase.status == Purchase.Status.EXPIRED or expired:
        raise Refused("expired", "This checkout has expired.")
    if purchase.status == Purchase.Status.COMPLETE:
        raise Refused("complete", "This checkout was completed before.")


def pay(purchase: Purchase, *, one_step: bool = False) -> Payment:
    """The customer pays. The money is authorised, or captured if it is taken in one step.

    Raises Refused if the checkout is not open.
    """
    must_be_open(purchase)
    payment = attempt(purchase)
    wrong = faults.take("pay", *faults.names_of(purchase))
    if "wrong_amount" in wrong:
        payment.amount = int(wrong["wrong_amount"].get("amount", max(payment.amount - 100, 1)))
    if "wrong_currency" in wrong:
        payment.currency = str(wrong["wrong_currency"].get("currency", "USD"))
    payment.one_step = one_step
    return succeed(payment)


def succeed(payment: Payment) -> Payment:
    """Authorise a payment, or capture it if it is taken in one step."""
    purchase = payment.purchase
    payment.charge_id = payment.charge_id or new_id("ch_3", 23)
    payment.error = {}
    at_once = payment.one_step or not purchase.manual
    payment.status = Payment.Status.CAPTURED if at_once else Payment.Status.AUTHORISED
    payment.captured = payment.amount if at_once else 0
    payment.save()
    if purchase.dialect == STRIPE or at_once:
        purchase.status = Purchase.Status.COMPLETE
        purchase.save()
    if not at_once:
        payment.capture_before = unix_now() + purchase.authorisation_seconds
        payment.save()
        later(purchase.authorisation_seconds, "end_authorisation", payment.id)
    announce("captured at once" if at_once else "authorised", payment)
    return payment


def decline(purchase: Purchase) -> Payment:
    """The customer's bank refuses. Another attempt is possible. Raises Refused if not open."""
    must_be_open(purchase)
    payment = attempt(purchase)
    is_stripe = purchase.dialect == STRIPE
    payment.status = Payment.Status.WAITING if is_stripe else Payment.Status.FAILED
    payment.error = dict(DECLINED)
    payment.save()
    announce("declined", payment)
    return payment


def authorise_late(payment: Payment) -> Payment:
    """A payment that failed is authorised after all, as with UPI. Raises Refused otherwise."""
    if payment.status not in {Payment.Status.FAILED, Payment.Status.WAITING}:
        raise Refused("state", f"The payment is {payment.status}, not failed.")
    return succeed(payment)


def capture(payment: Payment, amount: int) -> Payment:
    """Take authorised money. Raises Refused in another state or for more than was authorised."""
    if payment.status == Payment.Status.CAPTURED:
        raise Refused("captured", "This payment has already been captured.")
    if payment.status != Payment.Status.AUTHORISED:
        raise Refused("state", "Only an authorised payment can be captured.")
    if not 0 < amount <= payment.amount:
        raise Refused("amount", "The amount is greater than what was authorised.")
    payment.status = Payment.Status.CAPTURED
    payment.captured = amount
    payment.save()
    purchase = payment.purchase
    purchase.status = Purchase.Status.COMPLETE
    purchase.save()
    announce("captured", payment)
    return payment


def refuse_capture(payment: Payment) -> None:
    """The bank takes its authorisation back: nothing can be captured any more."""
    payment.status = Payment.Status.CANCELLED
    payment.cancel_reason = "automatic"
    payment.save()
    announce("cancelled", payment)


def cancel(payment: Payment, reason: str = "") -> Payment:
    """Give authorised money back, or end an attempt. Raises Refused if it was captured."""
    if payment.status == Payment.Status.CANCELLED:
        raise Refused("cancelled", "This payment was cancelled before.")
    if payment.status not in {Payment.Status.AUTHORISED, Payment.Status.WAITING}:
        raise Refused("state", "Only an authorised payment can be cancelled.")
    payment.status = Payment.Status.CANCELLED
    payment.cancel_reason = reason
    payment.save()
    announce("cancelled", payment)
    return payment


def expire(purchase: Purchase) -> Purchase:
    """End a checkout. Raises Refused if it isn't open."""
    if purchase.status != Purchase.Status.OPEN:
        raise Refused("state", f"The checkout is {purchase.status}, not open.")
    purchase.status = Purchase.Status.EXPIRED
    purchase.save()
    announce("expired", purchase)
    payment = purchase.payment
    if payment and payment.status == Payment.Status.WAITING:
        cancel(payment, "abandoned")
    return purchase


def end_authorisation(payment: Payment) -> None:
    """The time to capture is over: the provider gives the money back by itself."""
    if payment.status != Payment.Status.AUTHORISED:
        return
    if payment.purchase.dialect == STRIPE:
        cancel(payment, "automatic")
        return
    payment.status = Payment.Status.RETURNED
    payment.save()
    announce("returned", payment)


def refund(payment: Payment, amount: int | None = None, **fields: Any) -> Refund:
    """Give captured money back; all that is left if `amount` is None.

    Raises Refused if nothing was captured, or for more than is left.
    """
    left = payment.captured - payment.refunded
    if payment.status != Payment.Status.CAPTURED:
        raise Refused("not captured", "Only a captured payment can be refunded.")
    if left == 0:
        raise Refused("refunded", "The payment has been fully refunded already.")
    amount = left if amount is None else amount
    if not 0 < amount <= left:
        raise Refused("amount", f"The amount must be from 1 to {left}.")
    purchase = payment.purchase
    is_stripe = purchase.dialect == STRIPE
    outcome = faults.take_outcome(*faults.names_of(purchase))
    given = Refund.objects.create(
        id=new_id("re_3", 23) if is_stripe else new_id("rfnd_", 14),
        payment=payment,
        amount=amount,
        status=Refund.Status.PENDING if outcome else Refund.Status.SUCCEEDED,
        **fields,
    )
    announce("refunded", given)
    if outcome:
        later(outcome.pop("seconds", 0), "end_refund", given.id, **outcome)
    elif not is_stripe:
        announce("refund succeeded", given)
    return given


def end_refund(given: Refund, failure: str = "") -> Refund:
    """A refund arrives, or fails: also one that had succeeded, weeks later."""
    if given.status == Refund.Status.FAILED:
        return given
    given.status = Refund.Status.FAILED if failure else Refund.Status.SUCCEEDED
    given.failure = failure
    given.save()
    announce("refund failed" if failure else "refund succeeded", given)
    return given


def open_dispute(
    payment: Payment, amount: int | None = None, reason: str = "fraudulent"
) -> Dispute:
    """The customer's bank takes money back (a chargeback). Raises Refused if none was captured."""
    if payment.status != Payment.Status.CAPTURED:
        raise Refused("not captured", "Only a captured payment can be disputed.")
    is_stripe = payment.purchase.dialect == STRIPE
    dispute = Dispute.objects.create(
        id=new_id("du_1", 23) if is_stripe else new_id("disp_", 14),
        payment=payment,
        amount=payment.captured - payment.refunded if amount is None else amount,
        reason=reason,
        due_at=unix_now() + 7 * DAY,
    )
    announce("dispute opened", dispute)
    return dispute


def close_dispute(dispute: Dispute, *, won: bool) -> Dispute:
    """The dispute ends. Raises Refused if it has ended before."""
    if dispute.status in {Dispute.Status.WON, Dispute.Status.LOST}:
        raise Refused("state", f"The dispute was {dispute.status} before.")
    dispute.status = Dispute.Status.WON if won else Dispute.Status.LOST
    dispute.save()
    announce("dispute won" if won else "dispute lost", dispute)
    return dispute


def later(seconds: float, action: str, object_id: str, **value: Any) -> Later:
    """Let something happen by itself (bookmyshow.payment_sandbox.clock)."""
    return Later.objects.create(
        due_at=unix_now() + float(seconds), action=action, object_id=object_id, value=value
    )

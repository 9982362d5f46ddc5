"""The states of orders, payments and refunds, and which state may follow which (docs/spec.md §18).

Triggers of the database refuse every other change (migration 0001); a test compares both lists.
"""

from collections.abc import Mapping

from django.db import models


class OrderState(models.TextChoices):
    OPEN = "OPEN", "Being paid"
    PAID = "PAID", "Paid"
    #: The seats are the buyer's, but the money was refused when it was taken.
    UNPAID = "UNPAID", "Not paid"
    #: Nobody paid in time.
    EXPIRED = "EXPIRED", "Not paid in time"
    #: The buyer let the seats go, or swapped them, before paying.
    ABANDONED = "ABANDONED", "Given up"
    #: The booking was cancelled. What is given back is in the refunds.
    CANCELLED = "CANCELLED", "Cancelled"


class PaymentState(models.TextChoices):
    #: Written down, and the provider not asked yet, or its answer is not known.
    CREATED = "CREATED", "Created"
    #: The buyer can pay on the provider's page.
    OPEN = "OPEN", "Open"
    #: The buyer's last try was declined. The buyer may try again.
    FAILED = "FAILED", "Declined"
    #: The money is reserved, and nothing is decided yet (a lock was busy).
    AUTHORISED = "AUTHORISED", "Reserved"
    #: The seats are the buyer's, and the reserved money is to be taken.
    CAPTURE_DUE = "CAPTURE_DUE", "To be taken"
    CAPTURED = "CAPTURED", "Taken"
    #: To be ended at the provider, so that nobody can pay any more.
    CANCEL_DUE = "CANCEL_DUE", "To be ended"
    CANCELLED = "CANCELLED", "Ended without money"
    #: The reserved money is not wanted, and is to be released.
    VOID_DUE = "VOID_DUE", "To be released"
    VOIDED = "VOIDED", "Released"
    #: Nothing explains what the provider says: staff must look (`Payment.review` says why).
    REVIEW = "REVIEW", "Needs a person"


class RefundState(models.TextChoices):
    DUE = "DUE", "To be sent"
    SENT = "SENT", "Sent"
    SUCCEEDED = "SUCCEEDED", "Given back"
    FAILED = "FAILED", "Failed"
    #: A person hands the money back, at the counter or by bank.
    MANUAL = "MANUAL", "To be handed back"


_O, _P, _R = OrderState, PaymentState, RefundState
# Money can still arrive for a payment that was declined, ended or even released, because
# providers are told late and methods such as UPI answer late. So those states aren't final.
_MONEY = {_P.AUTHORISED, _P.CAPTURE_DUE, _P.CAPTURED, _P.VOID_DUE, _P.VOIDED, _P.REVIEW}

ORDER_MAY_BECOME: Mapping[str, frozenset[str]] = {
    _O.OPEN: frozenset({_O.PAID, _O.EXPIRED, _O.ABANDONED, _O.CANCELLED}),
    _O.PAID: frozenset({_O.UNPAID, _O.CANCELLED}),
    _O.UNPAID: frozenset({_O.PAID, _O.CANCELLED}),
    # The money came late, and the seats were still free.
    _O.EXPIRED: frozenset({_O.PAID}),
    _O.ABANDONED: frozenset(),
    _O.CANCELLED: frozenset(),
}
PAYMENT_MAY_BECOME: Mapping[str, frozenset[str]] = {
    _P.CREATED: frozenset({_P.OPEN, _P.FAILED, _P.CANCELLED, _P.REVIEW}),
    _P.OPEN: frozenset({_P.FAILED, _P.CANCEL_DUE, _P.CANCELLED} | _MONEY),
    _P.FAILED: frozenset({_P.OPEN, _P.CANCEL_DUE, _P.CANCELLED} | _MONEY),
    _P.AUTHORISED: frozenset(_MONEY - {_P.AUTHORISED}),
    _P.CAPTURE_DUE: frozenset({_P.CAPTURED, _P.VOID_DUE, _P.VOIDED, _P.REVIEW}),
    _P.CAPTURED: frozenset(),
    _P.CANCEL_DUE: frozenset({_P.CANCELLED} | _MONEY),
    _P.CANCELLED: frozenset(_MONEY),
    _P.VOID_DUE: frozenset({_P.VOIDED, _P.CAPTURED, _P.REVIEW}),
    # CAPTURE_DUE: the bank had taken a reservation back, and the buyer paid again in time.
    _P.VOIDED: frozenset({_P.VOID_DUE, _P.CAPTURE_DUE, _P.CAPTURED, _P.REVIEW}),
    _P.REVIEW: frozenset({_P.CANCELLED, _P.CANCEL_DUE} | _MONEY - {_P.REVIEW}),
}
REFUND_MAY_BECOME: Mapping[str, frozenset[str]] = {
    _R.DUE: frozenset({_R.SENT, _R.SUCCEEDED, _R.FAILED, _R.MANUAL}),
    _R.SENT: frozenset({_R.DUE, _R.SUCCEEDED, _R.FAILED, _R.MANUAL}),
    # A bank can send a refund back weeks later.
    _R.SUCCEEDED: frozenset({_R.FAILED}),
    _R.FAILED: frozenset(),
    _R.MANUAL: frozenset({_R.SUCCEEDED}),
}
_TABLES: Mapping[type[models.TextChoices], Mapping[str, frozenset[str]]] = {
    OrderState: ORDER_MAY_BECOME,
    PaymentState: PAYMENT_MAY_BECOME,
    RefundState: REFUND_MAY_BECOME,
}

#: A buyer can pay now, or soon.
PAYABLE = frozenset({_P.CREATED, _P.OPEN, _P.FAILED})
#: The money is ours, or is being taken.
TAKEN = frozenset({_P.CAPTURE_DUE, _P.CAPTURED})
#: Something must still be done at the provider.
DUE = frozenset({_P.CAPTURE_DUE, _P.CANCEL_DUE, _P.VOID_DUE})


def may_become(old: models.TextChoices, new: models.TextChoices) -> bool:
    """Whether a row in the state `old` may be changed to `new`. The same state is no change."""
    return old == new or new in _TABLES[type(old)][old]

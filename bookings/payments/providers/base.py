"""What every payment provider can do, in our own types.

Amounts are whole numbers of the currency's minor unit (paise, cents, fils; whole yen), as in orders
and payments. A provider that counts differently converts inside its own module.

A provider's module knows no model: it gets values and returns values. Only `from_settings` reads
the settings. A method makes exactly one HTTP call unless its docstring says otherwise, and every
call ends after TIMEOUT_SECONDS. No method may be called inside a transaction or under a row lock.

What can go wrong is one of four errors. `ProviderUnknown` is the important one: the call may or may
not have happened, so the caller writes nothing down as failed and looks again later.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

TIMEOUT_SECONDS = 5
CODE = re.compile(r"[A-Za-z0-9_.-]{1,80}")


class ProviderError(Exception):
    """Base class. Its text is safe for logs: no secret, no card, no person."""


class ProviderUnknown(ProviderError):
    """Nobody knows whether the call happened: a timeout, a broken connection, a 5xx answer.

    Look again later with `fetch` or `fetch_refund`. Calls with an idempotency key may also be
    repeated for 24 hours.
    """


class ProviderMisconfigured(ProviderUnknown):
    """The provider refused our key, or answers too many requests with 429.

    It says nothing about the payment, so the payment must not be treated as refused.
    """


class ProviderRefused(ProviderError):
    """The provider understood the call and said no. Nothing happened, and a repeat is useless.

    `code` is the provider's own code ("charge_expired_for_capture"), or "refused" where it is not
    a code but a text, which could have anything in it. `message` is safe to show to staff.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code = code if CODE.fullmatch(code) else "refused"
        self.message = message
        super().__init__(f"{code}: {message}")


class BalanceTooLow(ProviderRefused):
    """A refund was refused because our balance at the provider is too low for now.

    It concerns all refunds, so a queue of refunds pauses; the refund itself stays due.
    """


class ProviderNotFound(ProviderError):
    """The provider doesn't know such a payment or refund."""


class ForgedEvent(ProviderError):
    """A webhook or a return whose signature is missing, wrong or too old."""


class RemoteState(StrEnum):
    """What the provider says about a payment."""

    #: The buyer has not paid, and still can.
    OPEN = "open"
    #: The last try failed. The buyer can try again, and the money may still arrive (UPI).
    FAILED = "failed"
    #: The buyer has done everything; the bank has not answered yet.
    PENDING = "pending"
    #: The money is reserved, and not taken yet.
    AUTHORISED = "authorised"
    #: The money was taken. It stays in this state after refunds.
    CAPTURED = "captured"
    #: Ended without money: expired, cancelled, or what was reserved has been given back.
    CANCELLED = "cancelled"


class RefundState(StrEnum):
    """What the provider says about a refund. SUCCEEDED may become FAILED, even weeks later."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class DisputeState(StrEnum):
    """What the provider says about a dispute (chargeback)."""

    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"
    #: Ended without a chargeback, for example an inquiry.
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the order, as the provider's page shows it. `amount` is for the whole quantity."""

    text: str
    amount: int
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class NewPayment:
    """All that is needed to open a payment.

    Every value comes from committed rows, so that a repeat of `create` sends the same values. (A
    provider refuses an idempotency key that it has seen with other values.)
    """

    uuid: UUID
    order_reference: str
    amount: int
    currency: str
    lines: tuple[Line, ...]
    #: Shown as the purchase's name: "Dune, 26 Nov 19:30".
    description: str
    #: Where the browser goes after paying, and after giving up. Absolute addresses.
    return_url: str
    cancel_url: str
    #: When our payment row was written. The provider's page lives for an hour after it at most.
    created_at: datetime
    email: str = field(default="", repr=False)
    #: Set when an earlier `create` of this payment ended with ProviderUnknown.
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """A payment that the buyer can make now, at `url`.

    With `form`, the browser must POST these fields to `url`; without, it follows a redirect.
    """

    reference: str
    url: str = field(repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class PaymentKey:
    """Names a payment for the provider.

    `reference` is the provider's session or order (cs_…, order_…), `charge` its payment (pi_…,
    pay_…), empty until the buyer has paid. A payment without a `reference` was never shown to a
    buyer, because its address was never known: it can be given up without asking the provider.
    """

    uuid: UUID
    reference: str
    charge: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class RefundKey:
    """Names a refund. `reference` is the provider's id, empty until it is known."""

    uuid: UUID
    payment: PaymentKey
    reference: str = ""


@dataclass(frozen=True, slots=True)
class RemoteRefund:
    """A refund as the provider sees it. `uuid` is ours; None means it was made outside of us."""

    reference: str
    uuid: UUID | None
    amount: int
    state: RefundState
    created_at: datetime
    failure_code: str = ""


@dataclass(frozen=True, slots=True)
class RemoteDispute:
    """A dispute as the provider sees it. `due_at` is the last moment for our answer.

    `charge` names the disputed payment (pi_…, pay_…), as `Payment.charge` does.
    """

    reference: str
    charge: str
    amount: int
    currency: str
    state: DisputeState
    reason: str
    created_at: datetime
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Remote:
    """A payment as the provider sees it at this moment.

    `amount` is what the buyer was asked for; `authorised` is reserved and not taken; `captured` was
    taken, including what was refunded later; `refunded` is given back or on its way.
    """

    state: RemoteState
    reference: str
    amount: int
    currency: str
    charge: str = ""
    authorised: int = 0
    captured: int = 0
    refunded: int = 0
    #: The method takes the money at once (no reservation): it is never AUTHORISED.
    one_step: bool = False
    #: Our payment's uuid, as we sent it with `create`; None if the provider's object has none.
    uuid: UUID | None = None
    #: Until when what is reserved can be captured, if the provider says it.
    capture_before: datetime | None = None
    created_at: datetime | None = None
    #: Why the last try failed, in the provider's code ("card_declined").
    decline_code: str = ""
    refunds: tuple[RemoteRefund, ...] = ()
    #: Whether the buyer's bank disputes the payment, where the provider says it (Stripe).
    disputed: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """What a webhook tells. It is a hint to fetch; nothing in it is believed.

    `reference` names the payment: its uuid where the provider's object has it, otherwise the
    provider's id of the payment, session or order. For a dispute it is the dispute's id. Empty for
    events that concern none of these. `id` is empty if the provider sent none.
    """

    id: str
    kind: str
    reference: str
    created_at: datetime | None
    live: bool

    @property
    def is_dispute(self) -> bool:
        return ".dispute." in self.kind


class Provider(Protocol):
    """A payment provider. One instance serves all threads of a process."""

    #: Stored in `Payment.provider`; part of the webhook's address.
    code: str
    #: For pages: "Stripe".
    name: str
    #: Whether the keys move no real money.
    test_mode: bool
    #: Origins that the pay page may send its form to, or be redirected to (for the CSP).
    checkout_origins: tuple[str, ...]

    def create(self, new: NewPayment) -> Opened:
        """Open a payment that reserves money and doesn't take it, where the method allows that.

        May be repeated for 24 hours with the same values: it opens one payment only. Two calls at
        most, the second only for a repeat.
        Raises ProviderUnknown, ProviderRefused.
        """

    def fetch(self, key: PaymentKey) -> Remote:
        """The payment now, with its refunds.

        One call; one more if Razorpay has refunded a part, or Stripe has more than ten refunds.
        Raises ProviderUnknown, ProviderNotFound.
        """

    def capture(self, key: PaymentKey) -> Remote:
        """Take all that was reserved. Safe to repeat: what was taken already is left as it is.

        Raises ProviderUnknown, ProviderRefused (the reservation is gone), ProviderNotFound.
        """

    def cancel(self, key: PaymentKey) -> Remote:
        """End the payment: nobody can pay it any more, and what is reserved is given back.

        Safe to repeat. The answer says what is true afterwards, and the caller decides by it: a
        buyer may have paid at the same moment (CAPTURED, one-step methods), or the bank still
        decides (PENDING). With Razorpay a reservation stays AUTHORISED until Razorpay itself gives
        it back within half an hour; then the payment is CANCELLED.
        Several calls. Raises ProviderUnknown, ProviderNotFound.
        """

    def refund(self, key: RefundKey, amount: int) -> RemoteRefund:
        """Give back a part of what was taken. May be repeated for 24 hours: it refunds once.

        Raises ProviderUnknown, ProviderRefused, BalanceTooLow, ProviderNotFound.
        """

    def fetch_refund(self, key: RefundKey) -> RemoteRefund:
        """The refund now, found by its reference, or by our uuid if the reference is unknown.

        Raises ProviderUnknown, ProviderNotFound (then it was never made).
        """

    def read_event(self, headers: Mapping[str, str], body: bytes) -> Event:
        """Check a webhook's signature over the raw body, and read it. Makes no call.

        Header names are compared without regard to case. Raises ForgedEvent.
        """

    def list_payments(self, since: datetime, until: datetime) -> Iterator[Remote]:
        """All payments with money that buyers have begun in [since, until), by the provider.

        With Stripe `reference` is empty: match them by `charge` or `uuid`. `refunds` is empty,
        `refunded` is the sum. A call for each page of 100. Raises ProviderUnknown.
        """

    def list_disputes(self, since: datetime) -> Iterator[RemoteDispute]:
        """All disputes that were opened since then. A call for each page of 100.

        Raises ProviderUnknown.
        """

    def fetch_dispute(self, reference: str) -> RemoteDispute:
        """The dispute now. Raises ProviderUnknown, ProviderNotFound."""

    def check(self, webhook_url: str) -> list[str]:
        """What is wrong with the keys, the mode, or the webhook's address and events.

        Each problem is a sentence that says what to do. Some calls; for `doctor`.
        Raises ProviderUnknown.
        """

"""Razorpay: an Order, its hosted checkout by form post, and a payment to capture.

Facts, from razorpay.com/docs (and its copy github.com/razorpay/markdown-docs):
- Orders with `payment.capture=manual` are captured by us. What is not captured within
  `manual_expiry_period` minutes is given back by Razorpay, in 5 to 7 working days for cards
  ("Configure Payment Capture Settings using Orders API"). There is no call that releases a
  reservation, and none that ends an order.
- A failed payment may still become authorised, for days ("Late authorization").
- Hosted checkout is a form that the browser posts to /v1/checkout/embedded. Razorpay answers with a
  POST to `callback_url`, with a signature: HMAC-SHA256 of "order_id|payment_id" under the key's
  secret ("Hosted Checkout: Integration Steps").
- Refunds take the header X-Refund-Idempotency; a repeat must have the same body ("Create a Normal
  Refund (Idempotent Request)").
- The last digit of amounts in currencies with three decimals must be 0 (same pages).
- A webhook is signed by HMAC-SHA256 over the raw body. It has no time, so an old one looks like a
  new one: events are kept apart by id and by body, and nothing in them is believed ("Validate and
  Test Webhooks").
"""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from itertools import count
from urllib.parse import urlsplit

from django.conf import settings

from . import sandbox_keys
from .base import (
    Event,
    ForgedEvent,
    NewPayment,
    Opened,
    PaymentKey,
    ProviderMisconfigured,
    ProviderNotFound,
    ProviderRefused,
    RefundKey,
    Remote,
    RemoteDispute,
    RemoteRefund,
    RemoteState,
)
from .razorpay_http import Http
from .razorpay_objects import (
    Entity,
    check_payable,
    dispute_of,
    event_of,
    refund_of,
    remote_of,
    remote_of_payment,
)
from .timing import timed

API_BASE = "https://api.razorpay.com"
#: Minutes after which Razorpay gives back what we have not captured. Long enough to capture after
#: an outage of ours; short, because unwanted money waits for it.
MANUAL_EXPIRY_MINUTES = 30
PAGE = 100
#: Razorpay posts here after paying, and the view leads on to the payment's return address.
CALLBACK_PATH = "/payments/razorpay/return/"
EVENTS = (
    "payment.authorized",
    "payment.captured",
    "payment.failed",
    "order.paid",
    "refund.created",
    "refund.processed",
    "refund.failed",
    "payment.dispute.created",
    "payment.dispute.under_review",
    "payment.dispute.action_required",
    "payment.dispute.won",
    "payment.dispute.lost",
    "payment.dispute.closed",
)


@dataclass(frozen=True, slots=True)
class Account:
    """Keys of Razorpay, or of a server that speaks its protocol."""

    key_id: str
    key_secret: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)
    #: Shown on the checkout page.
    shop: str = "BookMyShow"
    base: str = API_BASE


class RazorpayProvider:
    """Payments through Razorpay's hosted page."""

    name = "Razorpay"

    def __init__(self, code: str, account: Account) -> None:
        self.code = code
        self.account = account
        self.test_mode = not account.key_id.startswith("rzp_live_")
        parts = urlsplit(account.base)
        self.checkout_origins: tuple[str, ...] = (f"{parts.scheme}://{parts.netloc}",)

    @classmethod
    def from_settings(cls, code: str) -> "RazorpayProvider":
        if code == "sandbox-razorpay":
            return cls(
                code,
                Account(
                    sandbox_keys.RAZORPAY_KEY_ID,
                    sandbox_keys.RAZORPAY_KEY_SECRET,
                    (sandbox_keys.WEBHOOK_SECRET,),
                    base=settings.SANDBOX_URL,
                ),
            )
        return cls(
            code,
            Account(
                settings.RAZORPAY_KEY_ID,
                settings.RAZORPAY_KEY_SECRET,
                tuple(settings.RAZORPAY_WEBHOOK_SECRETS),
            ),
        )

    @cached_property
    def _http(self) -> Http:
        return Http(self.account.base, self.account.key_id, self.account.key_secret)

    @timed
    def create(self, new: NewPayment) -> Opened:
        check_payable(new.amount, new.currency)
        order = self._order_of(new.uuid) if new.is_repeat else None
        if order is None:
            order = self._http.post("/v1/orders", _order_values(new))
        return Opened(
            reference=order["id"],
            url=f"{self.account.base}/v1/checkout/embedded",
            form=self._form(new, order["id"]),
        )

    def _order_of(self, uuid: object) -> Entity | None:
        """The order that an earlier call may have made. Orders have no idempotency key.

        A second order would do no harm, because the first one was never shown to a buyer; but the
        lists of both sides stay equal this way.
        """
        found = self._http.get("/v1/orders", {"receipt": str(uuid)})["items"]
        return found[0] if found else None

    def _form(self, new: NewPayment, order_id: str) -> dict[str, str]:
        form = {
            "key_id": self.account.key_id,
            "order_id": order_id,
            "amount": str(new.amount),
            "currency": new.currency,
            "name": self.account.shop,
            "description": new.description,
            "notes[payment]": str(new.uuid),
            "callback_url": _callback_url(new),
            "cancel_url": new.cancel_url,
        }
        if new.email:
            form["prefill[email]"] = new.email
        return form

    @timed
    def fetch(self, key: PaymentKey) -> Remote:
        payments = self._http.get(f"/v1/orders/{key.reference}/payments")["items"]
        remote = remote_of(key, payments)
        if remote.state is RemoteState.CAPTURED and remote.refunded:
            return remote_of(key, payments, tuple(self._refunds(remote.charge)))
        return remote

    @timed
    def capture(self, key: PaymentKey) -> Remote:
        charge = key.charge or self._charge(key)
        try:
            self._http.post(
                f"/v1/payments/{charge}/capture", {"amount": key.amount, "currency": key.currency}
            )
        except ProviderRefused:
            # Razorpay says the same to a payment that is captured already.
            remote = self.fetch(key)
            if remote.state is RemoteState.CAPTURED:
                return remote
            raise
        return self.fetch(key)

    @timed
    def cancel(self, key: PaymentKey) -> Remote:
        """Only look: Razorpay can neither end an order nor release a reservation by a call.

        What is reserved goes back by itself MANUAL_EXPIRY_MINUTES after the payment was made, and
        so does what somebody pays later. So an order without money counts as cancelled.
        """
        remote = self.fetch(key)
        if remote.state in {RemoteState.OPEN, RemoteState.FAILED}:
            return replace(remote, state=RemoteState.CANCELLED)
        return remote

    @timed
    def refund(self, key: RefundKey, amount: int) -> RemoteRefund:
        check_payable(amount, key.payment.currency)
        charge = key.payment.charge or self._charge(key.payment)
        return refund_of(
            self._http.post(
                f"/v1/payments/{charge}/refund",
                {
                    "amount": amount,
                    "speed": "normal",
                    "receipt": str(key.uuid),
                    "notes": {"refund": str(key.uuid), "payment": str(key.payment.uuid)},
                },
                {"X-Refund-Idempotency": f"{key.uuid}-refund"},
            )
        )

    @timed
    def fetch_refund(self, key: RefundKey) -> RemoteRefund:
        if key.reference:
            return refund_of(self._http.get(f"/v1/refunds/{key.reference}"))
        charge = key.payment.charge or self._charge(key.payment)
        for found in self._refunds(charge):
            if found.uuid == key.uuid:
                return found
        raise ProviderNotFound("Razorpay has no such refund")

    def read_event(self, headers: Mapping[str, str], body: bytes) -> Event:
        lowered = {name.lower(): value for name, value in headers.items()}
        signature = lowered.get("x-razorpay-signature", "")
        if not any(_is_signed(body, signature, it) for it in self.account.webhook_secrets):
            raise ForgedEvent("the signature of Razorpay's event is missing or wrong")
        try:
            values = json.loads(body)
        except ValueError:
            raise ForgedEvent("signed, but not JSON") from None
        return event_of(values, lowered.get("x-razorpay-event-id", ""), live=not self.test_mode)

    def read_return(self, fields: Mapping[str, str]) -> str:
        """Check what Razorpay makes the browser post after paying; returns the order's id.

        Raises ForgedEvent. A failed try has no signature: Razorpay sends `error[…]` fields then,
        which nobody must believe.
        """
        order, payment = fields.get("razorpay_order_id", ""), fields.get("razorpay_payment_id", "")
        signature = fields.get("razorpay_signature", "")
        if not _is_signed(f"{order}|{payment}".encode(), signature, self.account.key_secret):
            raise ForgedEvent("the signature of Razorpay's return is missing or wrong")
        return order

    def list_payments(self, since: datetime, until: datetime) -> Iterator[Remote]:
        for payment in self._pages(
            "/v1/payments", {"from": int(since.timestamp()), "to": int(until.timestamp()) - 1}
        ):
            remote = remote_of_payment(payment)
            if remote.state in {RemoteState.AUTHORISED, RemoteState.CAPTURED}:
                yield remote

    def list_disputes(self, since: datetime) -> Iterator[RemoteDispute]:
        for dispute in self._pages("/v1/disputes", {"from": int(since.timestamp())}):
            yield dispute_of(dispute)

    @timed
    def fetch_dispute(self, reference: str) -> RemoteDispute:
        return dispute_of(self._http.get(f"/v1/disputes/{reference}"))

    def check(self, webhook_url: str) -> list[str]:
        """Razorpay tells an account's own keys nothing about webhooks, so only the keys."""
        try:
            self._http.get("/v1/orders", {"count": 1})
        except ProviderMisconfigured as error:
            return [f"{error}: check RAZORPAY_KEY_ID and RAZORPAY_KEY_SECRET"]
        return []

    def _charge(self, key: PaymentKey) -> str:
        """The payment of the order, asked for if we have not stored it."""
        charge = self.fetch(key).charge
        if not charge:
            raise ProviderNotFound("nobody has paid this order of Razorpay's")
        return charge

    def _refunds(self, charge: str) -> Iterator[RemoteRefund]:
        for refund in self._pages(f"/v1/payments/{charge}/refunds", {}):
            yield refund_of(refund)

    def _pages(self, path: str, query: Mapping[str, int]) -> Iterator[Entity]:
        for page in count():
            items = self._http.get(path, {**query, "count": PAGE, "skip": page * PAGE})["items"]
            yield from items
            if len(items) < PAGE:
                return


def _callback_url(new: NewPayment) -> str:
    """On the site of the return address. The query names the payment after a failed try, too."""
    site = urlsplit(new.return_url)
    return f"{site.scheme}://{site.netloc}{CALLBACK_PATH}?payment={new.uuid}"


def _order_values(new: NewPayment) -> dict[str, object]:
    return {
        "amount": new.amount,
        "currency": new.currency,
        "receipt": str(new.uuid),
        "notes": {"payment": str(new.uuid), "order": new.order_reference},
        "payment": {
            "capture": "manual",
            "capture_options": {
                "manual_expiry_period": MANUAL_EXPIRY_MINUTES,
                "refund_speed": "normal",
            },
        },
    }


def _is_signed(text: bytes, signature: str, secret: str) -> bool:
    if not secret:
        return False
    expected = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode())

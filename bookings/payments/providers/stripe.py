"""Stripe: a hosted Checkout Session that reserves the money, and a PaymentIntent to capture it.

Facts, from docs.stripe.com unless noted: a session lives 30 minutes to 24 hours after it was made
(`expires_at` of "Create a Checkout Session"). Idempotency keys last 24 hours, and the first answer
is repeated for them, a 500 too ("Idempotent requests"). A reservation of a card ends after about 7
days ("Place a hold on a payment method"). The package sends a random key if it gets none, and waits
for 80 s (stripe-python, `_http_client.py`).

Only what makes a new object (a session, a refund) has a fixed idempotency key. Capturing,
cancelling and expiring can happen only once by themselves, so each try has a key of its own: a
repeated 500 would otherwise block them for a day.
"""

import json
import logging
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

import stripe as sdk
from django.conf import settings
from stripe import params

from . import sandbox_keys
from .base import (
    TIMEOUT_SECONDS,
    Event,
    ForgedEvent,
    Line,
    NewPayment,
    Opened,
    PaymentKey,
    ProviderMisconfigured,
    ProviderNotFound,
    ProviderRefused,
    ProviderUnknown,
    RefundKey,
    Remote,
    RemoteDispute,
    RemoteRefund,
    RemoteState,
)
from .stripe_errors import errors_translated
from .stripe_objects import (
    Object,
    dispute_of,
    event_of,
    is_payable,
    refund_of,
    remote_of_intent,
    remote_of_session,
    to_stripe,
)
from .timing import timed

API_VERSION = "2026-10-28.endive"
API_BASE = "https://api.stripe.com"
CHECKOUT_ORIGIN = "https://checkout.stripe.com"
#: Counted from our payment row: a repeat minutes later still asks for 30 minutes or more.
SESSION_LIFE = timedelta(hours=1)
SIGNATURE_TOLERANCE_SECONDS = 300
EXPAND = ["payment_intent.latest_charge.refunds"]
EVENTS = (
    "checkout.session.completed",
    "checkout.session.expired",
    "payment_intent.amount_capturable_updated",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "charge.refunded",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
)

# The package logs each request and the provider's words about an error at INFO.
logging.getLogger("stripe").setLevel(logging.WARNING)
# It sends the time of the last request and the machine's name with each call.
sdk.enable_telemetry = False


@dataclass(frozen=True, slots=True)
class Account:
    """Keys of Stripe, or of a server that speaks its protocol."""

    secret_key: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)
    base: str = API_BASE
    checkout_origin: str = CHECKOUT_ORIGIN


class StripeProvider:
    """Payments through Stripe's hosted page."""

    name = "Stripe"

    def __init__(self, code: str, account: Account) -> None:
        self.code = code
        self.account = account
        self.test_mode = "_live_" not in account.secret_key
        self.checkout_origins: tuple[str, ...] = (account.checkout_origin,)

    @classmethod
    def from_settings(cls, code: str) -> "StripeProvider":
        if code == "sandbox":
            return cls(
                code,
                Account(
                    secret_key=sandbox_keys.STRIPE_KEY,
                    webhook_secrets=(sandbox_keys.WEBHOOK_SECRET,),
                    base=settings.SANDBOX_URL,
                    checkout_origin=settings.SANDBOX_URL,
                ),
            )
        return cls(
            code, Account(settings.STRIPE_SECRET_KEY, tuple(settings.STRIPE_WEBHOOK_SECRETS))
        )

    @cached_property
    def _api(self) -> sdk.StripeClient:
        """The package keeps a connection for each thread."""
        return sdk.StripeClient(
            self.account.secret_key,
            stripe_version=API_VERSION,
            base_addresses={"api": self.account.base},
            max_network_retries=0,
            http_client=sdk.RequestsClient(timeout=TIMEOUT_SECONDS),
        )

    @timed
    def create(self, new: NewPayment) -> Opened:
        values = _session_values(new)
        key = f"{new.uuid}-create"
        try:
            session = self._create_session(values, key)
        except ProviderUnknown:
            if not new.is_repeat:
                raise
            # Stripe repeats a 500 for a day. Nobody ever knew the address of a session that may
            # have been made by that call, so nobody can pay it, and a second one is harmless.
            session = self._create_session(values, _key_of_this_try(new.uuid, "create"))
        return Opened(session["id"], session["url"])

    def _create_session(self, values: "params.checkout.SessionCreateParams", key: str) -> Object:
        with errors_translated():
            return self._api.v1.checkout.sessions.create(values, {"idempotency_key": key}).to_dict()

    @timed
    def fetch(self, key: PaymentKey) -> Remote:
        with errors_translated():
            session = self._api.v1.checkout.sessions.retrieve(
                key.reference, {"expand": EXPAND}
            ).to_dict()
        return self._with_all_refunds(remote_of_session(session), session)

    @timed
    def capture(self, key: PaymentKey) -> Remote:
        try:
            with errors_translated():
                self._api.v1.payment_intents.capture(
                    self._intent_id(key),
                    {},
                    {"idempotency_key": _key_of_this_try(key.uuid, "capture")},
                )
        except ProviderRefused:
            remote = self.fetch(key)
            if remote.state is RemoteState.CAPTURED:
                return remote
            raise
        return self.fetch(key)

    @timed
    def cancel(self, key: PaymentKey) -> Remote:
        remote = self.fetch(key)
        if remote.state is RemoteState.OPEN:
            remote = self._expire(key)
        if remote.state in {RemoteState.AUTHORISED, RemoteState.PENDING}:
            remote = self._release(key, remote)
        return remote

    def _expire(self, key: PaymentKey) -> Remote:
        """End the session. A buyer who pays at this moment wins, and Stripe refuses."""
        with suppress(ProviderRefused), errors_translated():
            self._api.v1.checkout.sessions.expire(
                key.reference, {}, {"idempotency_key": _key_of_this_try(key.uuid, "expire")}
            )
        return self.fetch(key)

    def _release(self, key: PaymentKey, remote: Remote) -> Remote:
        """Cancel the intent: what was reserved goes back to the buyer."""
        with suppress(ProviderRefused), errors_translated():
            self._api.v1.payment_intents.cancel(
                remote.charge, {}, {"idempotency_key": _key_of_this_try(key.uuid, "cancel")}
            )
        return self.fetch(key)

    @timed
    def refund(self, key: RefundKey, amount: int) -> RemoteRefund:
        with errors_translated():
            refund = self._api.v1.refunds.create(
                {
                    "payment_intent": self._intent_id(key.payment),
                    "amount": to_stripe(amount, key.payment.currency),
                    "metadata": {"refund": str(key.uuid), "payment": str(key.payment.uuid)},
                },
                {"idempotency_key": f"{key.uuid}-refund"},
            )
        return refund_of(refund.to_dict())

    @timed
    def fetch_refund(self, key: RefundKey) -> RemoteRefund:
        with errors_translated():
            if key.reference:
                return refund_of(self._api.v1.refunds.retrieve(key.reference).to_dict())
            for found in self._refunds(self._intent_id(key.payment)):
                if found.uuid == key.uuid:
                    return found
        raise ProviderNotFound("Stripe has no such refund")

    def read_event(self, headers: Mapping[str, str], body: bytes) -> Event:
        lowered = {name.lower(): value for name, value in headers.items()}
        signature = lowered.get("stripe-signature", "")
        if not any(self._signed_with(secret, signature, body) for secret in self._secrets):
            raise ForgedEvent("the signature of Stripe's event is missing, wrong or too old")
        try:
            values = json.loads(body)
        except ValueError:
            raise ForgedEvent("signed, but not JSON") from None
        event = event_of(values)
        if event.live is self.test_mode:
            raise ForgedEvent("an event of the other mode (test, live)")
        return event

    @property
    def _secrets(self) -> tuple[str, ...]:
        return self.account.webhook_secrets

    @staticmethod
    def _signed_with(secret: str, signature: str, body: bytes) -> bool:
        if not signature.isascii():
            return False  # The package would fail with a TypeError.
        try:
            sdk.WebhookSignature.verify_header(body, signature, secret, SIGNATURE_TOLERANCE_SECONDS)
        except (sdk.SignatureVerificationError, UnicodeDecodeError):
            return False
        return True

    def list_payments(self, since: datetime, until: datetime) -> Iterator[Remote]:
        with errors_translated():
            found = self._api.v1.payment_intents.list(
                {
                    "created": {"gte": int(since.timestamp()), "lt": int(until.timestamp())},
                    "limit": 100,
                    "expand": ["data.latest_charge"],
                }
            )
            for intent in found.auto_paging_iter():
                remote = remote_of_intent(intent.to_dict())
                if remote.state in {RemoteState.AUTHORISED, RemoteState.CAPTURED}:
                    yield remote

    def list_disputes(self, since: datetime) -> Iterator[RemoteDispute]:
        with errors_translated():
            found = self._api.v1.disputes.list(
                {"created": {"gte": int(since.timestamp())}, "limit": 100}
            )
            for dispute in found.auto_paging_iter():
                yield dispute_of(dispute.to_dict())

    @timed
    def fetch_dispute(self, reference: str) -> RemoteDispute:
        with errors_translated():
            return dispute_of(self._api.v1.disputes.retrieve(reference).to_dict())

    def check(self, webhook_url: str) -> list[str]:
        try:
            with errors_translated():
                self._api.v1.checkout.sessions.list({"limit": 1})
                if self.account.base != API_BASE:
                    return []  # The sandbox was told where to send its events when it started.
                endpoints = [
                    endpoint.to_dict()
                    for endpoint in self._api.v1.webhook_endpoints.list(
                        {"limit": 100}
                    ).auto_paging_iter()
                ]
        except ProviderMisconfigured as error:
            return [f"{error}: check STRIPE_SECRET_KEY and its permissions"]
        return webhook_problems(endpoints, webhook_url)

    def _intent_id(self, key: PaymentKey) -> str:
        """The PaymentIntent, asked for if we have not stored it. One call more then."""
        if key.charge:
            return key.charge
        charge = self.fetch(key).charge
        if not charge:
            raise ProviderNotFound("nobody has paid this session of Stripe's")
        return charge

    def _with_all_refunds(self, remote: Remote, session: Object) -> Remote:
        """Stripe puts the last ten refunds into a charge; the others need one call more."""
        charge = (session.get("payment_intent") or {}).get("latest_charge") or {}
        refunds = charge.get("refunds")
        is_whole = refunds is not None and not refunds.get("has_more")
        if is_whole or remote.state is not RemoteState.CAPTURED:
            return remote
        with errors_translated():
            return replace(remote, refunds=tuple(self._refunds(remote.charge)))

    def _refunds(self, intent_id: str) -> Iterator[RemoteRefund]:
        found = self._api.v1.refunds.list({"payment_intent": intent_id, "limit": 100})
        for refund in found.auto_paging_iter():
            yield refund_of(refund.to_dict())


def webhook_problems(endpoints: list[dict[str, Any]], webhook_url: str) -> list[str]:
    """What is wrong with the webhook endpoints of the account, as sentences."""
    ours = [
        endpoint
        for endpoint in endpoints
        if endpoint["url"] == webhook_url and endpoint.get("status") == "enabled"
    ]
    if not ours:
        return [f"Stripe sends no events to {webhook_url}: add this webhook endpoint there"]
    subscribed = {kind for endpoint in ours for kind in endpoint.get("enabled_events", ())}
    missing = [kind for kind in EVENTS if kind not in subscribed and "*" not in subscribed]
    return [f"Stripe's webhook endpoint needs also: {', '.join(missing)}"] if missing else []


def _key_of_this_try(uuid: UUID, operation: str) -> str:
    return f"{uuid}-{operation}-{secrets.token_hex(8)}"


def _session_values(new: NewPayment) -> "params.checkout.SessionCreateParams":
    metadata = {"payment": str(new.uuid), "order": new.order_reference}
    values: params.checkout.SessionCreateParams = {
        "mode": "payment",
        "client_reference_id": new.order_reference,
        "metadata": metadata,
        "payment_intent_data": {
            "capture_method": "manual",
            "description": f"{new.order_reference}: {new.description}",
            "metadata": metadata,
        },
        "line_items": [_line_item(line, new.currency) for line in _lines(new)],
        # The buyer pays in the cinema's currency; we compare amounts.
        "adaptive_pricing": {"enabled": False},
        "expires_at": int((new.created_at + SESSION_LIFE).timestamp()),
        "success_url": new.return_url,
        "cancel_url": new.cancel_url,
    }
    if new.email:
        values["customer_email"] = new.email
    return values


def _lines(new: NewPayment) -> tuple[Line, ...]:
    """The order's lines; one line for all where Stripe could not show them (a discount)."""
    if any(line.amount < 0 for line in new.lines) or new.amount != sum(
        line.amount for line in new.lines
    ):
        return (Line(new.description, new.amount),)
    return new.lines


def _line_item(line: Line, currency: str) -> "params.checkout.SessionCreateParamsLineItem":
    unit, rest = divmod(line.amount, line.quantity)
    if rest or not is_payable(unit, currency):
        line = Line(f"{line.quantity} × {line.text}", line.amount)
    return {
        "price_data": {
            "currency": currency.lower(),
            "unit_amount": to_stripe(line.amount // line.quantity, currency),
            "product_data": {"name": line.text},
        },
        "quantity": line.quantity,
    }

"""Stripe's API: what a shop with hosted checkout calls."""

import base64
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.views.decorators.csrf import csrf_exempt

from .. import money
from ..calls import ApiError, Call, answer
from ..models import STRIPE, Dispute, Endpoint, Event, Key, Payment, Purchase, Refund, new_id
from ..objects import stripe as objects
from .errors import ERRORS, error, no_such, unexpected_state
from .form import as_list, nested
from .listing import listed
from .sessions import new_session

Run = Callable[[Call], dict[str, Any]]


def key_of(request: HttpRequest) -> str:
    """The secret key: a bearer token, or the user name of basic authentication."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value).decode().partition(":")[0]
        except ValueError:
            return ""
    return value.strip() if scheme.lower() == "bearer" else ""


def authenticate(request: HttpRequest) -> None:
    """Raise ApiError unless the key is known. A key that looks live is refused in clear words."""
    key = key_of(request)
    kind = "invalid_request_error"
    if "_live_" in key:
        raise error(
            401, kind, "This is a sandbox and this looks like a live key: use a test key here."
        )
    if not key:
        raise error(401, kind, "You did not provide an API key.")
    if not Key.objects.filter(dialect=STRIPE, name=key).exists():
        raise error(401, kind, f"Invalid API Key provided: {key[:8]}****{key[-4:]}")


def endpoint(operation: str) -> Callable[[Callable[..., Run]], Callable[..., HttpResponse]]:
    """Make a view of a function that takes the path's ids and returns what is to be run."""

    def decorate(make: Callable[..., Run]) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @wraps(make)
        def view(request: HttpRequest, **ids: str) -> HttpResponse:
            try:
                authenticate(request)
            except ApiError as refused:
                response: HttpResponse = JsonResponse(refused.body, status=refused.status)
            else:
                response = answer(call_of(request, operation), names(ids), ERRORS, make(**ids))
            response.headers["Request-Id"] = new_id("req_", 14)
            if version := request.headers.get("Stripe-Version"):
                response.headers["Stripe-Version"] = version
            return response

        return view

    return decorate


def call_of(request: HttpRequest, operation: str) -> Call:
    is_post = request.method == "POST"
    form = QueryDict(request.body.decode(errors="replace")) if is_post else request.GET
    key = request.headers.get("Idempotency-Key", "")[:255] if is_post else ""
    return Call(request, STRIPE, operation, nested(form), key)


def names(ids: dict[str, str]) -> list[str]:
    """What a fault may name to meet this call only: the session, or the shop's reference."""
    identity = next(iter(ids.values()), "")
    if not identity:
        return []
    purchase = Purchase.objects.filter(pk=identity).first()
    payment = Payment.objects.filter(id=identity).first()
    purchase = payment.purchase if payment else purchase
    return [identity, *([purchase.id, purchase.reference] if purchase else [])]


def expand_of(call: Call) -> list[str]:
    return [str(path) for path in as_list(call.params.get("expand"))]


def find(model: Any, what: str, identity: str) -> Any:
    """The object of Stripe's with this id. Raises ApiError 404."""
    for row in model.objects.filter(id=identity):
        purchase = row if isinstance(row, Purchase) else getattr(row, "purchase", None)
        payment = getattr(row, "payment", None) if purchase is None else None
        purchase = payment.purchase if payment else purchase
        if purchase is None or purchase.dialect == STRIPE:
            return row
    raise no_such(what, identity)


@endpoint("create")
def create_session() -> Run:
    def run(call: Call) -> dict[str, Any]:
        purchase = new_session(call.params)
        return objects.session(purchase, expand_of(call), base=call.base)

    return run


@endpoint("fetch")
def session(identity: str) -> Run:
    def run(call: Call) -> dict[str, Any]:
        purchase = find(Purchase, "checkout.session", identity)
        return objects.session(purchase, expand_of(call), base=call.base)

    return run


@endpoint("expire")
def expire_session(identity: str) -> Run:
    def run(call: Call) -> dict[str, Any]:
        purchase = find(Purchase, "checkout.session", identity)
        try:
            money.expire(purchase)
        except money.Refused:
            raise error(
                400,
                "invalid_request_error",
                f"Only Checkout Sessions with a status in ['open'] can be expired. This Checkout"
                f" Session has a status of {purchase.status}.",
            ) from None
        return objects.session(purchase, expand_of(call), base=call.base)

    return run


@endpoint("fetch")
def intent(identity: str) -> Run:
    return lambda call: objects.intent(find(Payment, "payment_intent", identity), expand_of(call))


@endpoint("capture")
def capture_intent(identity: str) -> Run:
    def run(call: Call) -> dict[str, Any]:
        payment = find(Payment, "payment_intent", identity)
        if "refuse" in call.faults:
            code = call.faults["refuse"].get("code", "capture_charge_authorization_expired")
            money.refuse_capture(payment)
            raise error(
                402, "card_error", "The bank does not honour its authorisation.", code=str(code)
            )
        amount = int(call.params.get("amount_to_capture", payment.amount))
        try:
            money.capture(payment, amount)
        except money.Refused as refused:
            raise unexpected_state(
                f"This PaymentIntent could not be captured because it has a status of"
                f" {objects.intent(payment)['status']}. {refused.message}"
            ) from None
        return objects.intent(payment, expand_of(call))

    return run


@endpoint("cancel")
def cancel_intent(identity: str) -> Run:
    def run(call: Call) -> dict[str, Any]:
        payment = find(Payment, "payment_intent", identity)
        if payment.purchase.status == Purchase.Status.OPEN:
            raise unexpected_state(
                "You cannot cancel a PaymentIntent of an open Checkout Session: expire the session."
            )
        try:
            money.cancel(payment, str(call.params.get("cancellation_reason", "")))
        except money.Refused:
            raise unexpected_state(
                f"You cannot cancel this PaymentIntent because it has a status of"
                f" {objects.intent(payment)['status']}."
            ) from None
        return objects.intent(payment, expand_of(call))

    return run


@endpoint("refund")
def create_refund() -> Run:
    def run(call: Call) -> dict[str, Any]:
        payment = refunded_payment(call)
        if "refuse" in call.faults:
            code = str(call.faults["refuse"].get("code", "balance_insufficient"))
            raise error(
                400,
                "invalid_request_error",
                "You have insufficient funds in your Stripe account for this refund.",
                code=code,
            )
        amount = call.params.get("amount")
        metadata = call.params.get("metadata") or {}
        reason = str(call.params.get("reason", ""))
        try:
            given = money.refund(
                payment, None if amount is None else int(amount), metadata=metadata, reason=reason
            )
        except money.Refused as refused:
            code = "charge_already_refunded" if refused.code == "refunded" else ""
            raise error(
                400, "invalid_request_error", refused.message, **({"code": code} if code else {})
            ) from None
        return objects.refund(given, expand_of(call))

    return run


def refunded_payment(call: Call) -> Payment:
    """The payment that a refund names. Raises ApiError 400 or 404."""
    if identity := call.params.get("payment_intent"):
        found: Payment = find(Payment, "payment_intent", str(identity))
        return found
    payment = Payment.objects.filter(charge_id=call.params.get("charge") or "-").first()
    if payment is None:
        raise no_such("charge", str(call.params.get("charge", "")))
    return payment


@endpoint("fetch")
def refund(identity: str) -> Run:
    return lambda call: objects.refund(find(Refund, "refund", identity), expand_of(call))


@endpoint("fetch")
def charge(identity: str) -> Run:
    def run(call: Call) -> dict[str, Any]:
        payment = Payment.objects.filter(charge_id=identity).first()
        if payment is None:
            raise no_such("charge", identity)
        return objects.charge(payment, expand_of(call))

    return run


@endpoint("fetch")
def dispute(identity: str) -> Run:
    return lambda call: objects.dispute(find(Dispute, "dispute", identity), expand_of(call))


@endpoint("fetch")
def event(identity: str) -> Run:
    def run(call: Call) -> dict[str, Any]:
        found = Event.objects.filter(dialect=STRIPE, id=identity).first()
        if found is None:
            raise no_such("event", identity)
        return objects.stored_event(found)

    return run


@endpoint("list")
def sessions() -> Run:
    return lambda call: listed(
        call, Purchase.objects.filter(dialect=STRIPE), "sessions", expand_of(call)
    )


@endpoint("list")
def intents() -> Run:
    return lambda call: listed(
        call, Payment.objects.filter(purchase__dialect=STRIPE), "intents", expand_of(call)
    )


@endpoint("list")
def charges() -> Run:
    payments = Payment.objects.filter(purchase__dialect=STRIPE).exclude(charge_id="")
    return lambda call: listed(call, payments, "charges", expand_of(call))


@endpoint("list")
def refunds() -> Run:
    found = Refund.objects.filter(payment__purchase__dialect=STRIPE)
    return lambda call: listed(call, found, "refunds", expand_of(call))


@endpoint("list")
def disputes() -> Run:
    found = Dispute.objects.filter(payment__purchase__dialect=STRIPE)
    return lambda call: listed(call, found, "disputes", expand_of(call))


@endpoint("list")
def events() -> Run:
    return lambda call: listed(call, Event.objects.filter(dialect=STRIPE), "events", [])


@endpoint("list")
def webhook_endpoints() -> Run:
    def run(call: Call) -> dict[str, Any]:
        found = Endpoint.objects.filter(dialect=STRIPE)
        return {
            "object": "list",
            "data": [objects.endpoint(known) for known in found],
            "has_more": False,
            "url": "/v1/webhook_endpoints",
        }

    return run


@endpoint("fetch")
def account() -> Run:
    return lambda call: {
        "id": "acct_sandbox",
        "object": "account",
        "charges_enabled": True,
        "country": "IN",
        "default_currency": "inr",
        "details_submitted": True,
        "payouts_enabled": True,
    }


@endpoint("fetch")
def balance() -> Run:
    return lambda call: {
        "object": "balance",
        "available": [{"amount": 100_000_000, "currency": "inr"}],
        "livemode": False,
        "pending": [],
    }

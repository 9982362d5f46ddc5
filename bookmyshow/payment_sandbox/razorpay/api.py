"""Razorpay's API: what a shop with hosted checkout calls."""

import base64
import json
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from .. import money
from ..calls import ApiError, Call, answer
from ..currencies import problem
from ..models import RAZORPAY, Dispute, Key, Payment, Purchase, Refund, new_id
from ..objects import razorpay as objects
from .errors import ERRORS, error, invalid, no_such_id

Run = Callable[[Call], dict[str, Any]]
REFUND_KEY = re.compile(r"[A-Za-z0-9_-]{10,}")
MOST_MINUTES = 5 * 24 * 60
LOW_BALANCE = (
    "Your account does not have enough balance to carry out the refund operation. You can add"
    " funds to your account from your Razorpay dashboard or capture new payments."
)


def credentials(request: HttpRequest) -> tuple[str, str]:
    """The key id and the secret of basic authentication; two empty texts without them."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, secret = base64.b64decode(value).decode().partition(":")
    except ValueError:
        return "", ""
    return name, secret


def is_for_razorpay(request: HttpRequest) -> bool:
    """Whether a request to a path of both protocols speaks Razorpay's."""
    return credentials(request)[0].startswith("rzp_")


def authenticate(request: HttpRequest) -> None:
    """Raise ApiError unless key id and secret are known. A live key is refused in clear words."""
    name, secret = credentials(request)
    if "_live_" in name:
        raise error(401, "This is a sandbox and this looks like a live key: use a test key here.")
    if not name or not Key.objects.filter(dialect=RAZORPAY, name=name, secret=secret).exists():
        raise error(401, "Authentication failed", reason="NA")


def endpoint(operation: str) -> Callable[[Callable[..., Run]], Callable[..., HttpResponse]]:
    """Make a view of a function that takes the path's ids and returns what is to be run."""

    def decorate(make: Callable[..., Run]) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @wraps(make)
        def view(request: HttpRequest, **ids: str) -> HttpResponse:
            try:
                authenticate(request)
                call = call_of(request, operation)
            except ApiError as refused:
                return JsonResponse(refused.body, status=refused.status)
            return answer(call, names(ids), ERRORS, make(**ids))

        return view

    return decorate


def call_of(request: HttpRequest, operation: str) -> Call:
    """Raises ApiError for a body that isn't JSON, and for a refund's key that is too short."""
    if request.method != "POST":
        return Call(request, RAZORPAY, operation, request.GET.dict())
    try:
        params = json.loads(request.body or b"{}")
    except ValueError:
        params = None
    if not isinstance(params, dict):
        raise invalid("The request could not be parsed: send JSON.", "body")
    key = request.headers.get("X-Refund-Idempotency", "") if operation == "refund" else ""
    if key and not REFUND_KEY.fullmatch(key):
        raise invalid(
            "The idempotency key needs at least 10 letters, digits, hyphens or underscores.",
            "X-Refund-Idempotency",
        )
    return Call(request, RAZORPAY, operation, params, key)


def names(ids: dict[str, str]) -> list[str]:
    identity = next(iter(ids.values()), "")
    if not identity:
        return []
    payment = Payment.objects.filter(id=identity).first()
    purchase = payment.purchase if payment else Purchase.objects.filter(pk=identity).first()
    return [identity, *([purchase.id, purchase.reference] if purchase else [])]


def whole(params: dict[str, Any], name: str) -> int:
    value = params.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid(f"The {name} must be an integer.", name)
    return value


def find_order(identity: str) -> Purchase:
    found = Purchase.objects.filter(pk=identity, dialect=RAZORPAY).first()
    if found is None:
        raise no_such_id()
    return found


def find_payment(identity: str) -> Payment:
    found = Payment.objects.filter(id=identity, purchase__dialect=RAZORPAY).first()
    if found is None:
        raise no_such_id()
    return found


def page(
    call: Call, rows: "QuerySet[Any]", show: Callable[[Any], dict[str, Any]]
) -> dict[str, Any]:
    """A page of a list: newest first; `from`, `to`, `count` (at most 100) and `skip`."""
    params = call.params
    if "from" in params:
        rows = rows.filter(created_at__gte=int(params["from"]))
    if "to" in params:
        rows = rows.filter(created_at__lte=int(params["to"]))
    count, skip = min(int(params.get("count", 10)), 100), int(params.get("skip", 0))
    order = "-pk" if rows.model is Purchase else "-serial"
    return objects.collection(
        show(row) for row in rows.order_by("-created_at", order)[skip : skip + count]
    )


@endpoint("create")
def create_order() -> Run:
    def run(call: Call) -> dict[str, Any]:
        params = call.params
        amount, currency = whole(params, "amount"), str(params.get("currency", ""))
        if not re.fullmatch("[A-Z]{3}", currency):
            raise invalid("The currency must be three capital letters.", "currency")
        if wrong := problem(amount, currency):
            raise invalid(wrong, "amount")
        receipt = str(params.get("receipt") or "")
        if len(receipt) > 40:
            raise invalid("The receipt may not be greater than 40 characters.", "receipt")
        capture = params.get("payment") or {}
        options = capture.get("capture_options") or {}
        purchase = Purchase.objects.create(
            id=new_id("order_", 14),
            dialect=RAZORPAY,
            amount=amount,
            currency=currency,
            reference=receipt,
            metadata=params.get("notes") or {},
            manual=capture.get("capture") != "automatic",
            # The time is given in minutes: at least 12 minutes with Razorpay, at most 5 days.
            authorisation_seconds=60 * int(options.get("manual_expiry_period", MOST_MINUTES)),
        )
        return objects.order(purchase)

    return run


@endpoint("fetch")
def order(identity: str) -> Run:
    return lambda call: objects.order(find_order(identity))


@endpoint("list")
def payments_of_order(identity: str) -> Run:
    def run(call: Call) -> dict[str, Any]:
        payments = find_order(identity).payments.order_by("-serial")
        return objects.collection(objects.payment(payment) for payment in payments)

    return run


@endpoint("list")
def orders() -> Run:
    def run(call: Call) -> dict[str, Any]:
        found = Purchase.objects.filter(dialect=RAZORPAY)
        if "receipt" in call.params:
            found = found.filter(reference=call.params["receipt"])
        return page(call, found, objects.order)

    return run


@endpoint("list")
def payments() -> Run:
    found = Payment.objects.filter(purchase__dialect=RAZORPAY)
    return lambda call: page(call, found, objects.payment)


@endpoint("fetch")
def payment(identity: str) -> Run:
    return lambda call: objects.payment(find_payment(identity))


@endpoint("capture")
def capture(identity: str) -> Run:
    def run(call: Call) -> dict[str, Any]:
        paid = find_payment(identity)
        amount, currency = whole(call.params, "amount"), str(call.params.get("currency", "INR"))
        if "refuse" in call.faults:
            money.end_authorisation(paid)
            raise error(400, "The payment could not be captured.", reason="payment_failed")
        if amount != paid.amount or currency != paid.currency:
            raise error(
                400, "Capture amount must be equal to the amount authorized", field="amount"
            )
        try:
            money.capture(paid, amount)
        except money.Refused as refused:
            raise error(400, refused.message, reason="NA") from None
        return objects.payment(paid)

    return run


@endpoint("refund")
def refund_payment(identity: str) -> Run:
    def run(call: Call) -> dict[str, Any]:
        paid = find_payment(identity)
        amount = whole(call.params, "amount") if "amount" in call.params else None
        if "refuse" in call.faults:
            raise error(400, str(call.faults["refuse"].get("code", LOW_BALANCE)), reason="NA")
        try:
            given = money.refund(
                paid,
                amount,
                metadata=call.params.get("notes") or {},
                receipt=str(call.params.get("receipt") or ""),
            )
        except money.Refused as refused:
            raise error(400, refused.message, reason="NA") from None
        return objects.refund(given)

    return run


@endpoint("list")
def refunds_of_payment(identity: str) -> Run:
    return lambda call: page(call, find_payment(identity).refunds.all(), objects.refund)


@endpoint("fetch")
def refund_of_payment(identity: str, refund: str) -> Run:
    def run(call: Call) -> dict[str, Any]:
        found = find_payment(identity).refunds.filter(id=refund).first()
        if found is None:
            raise no_such_id()
        return objects.refund(found)

    return run


@endpoint("list")
def refunds() -> Run:
    found = Refund.objects.filter(payment__purchase__dialect=RAZORPAY)
    return lambda call: page(call, found, objects.refund)


@endpoint("fetch")
def refund(identity: str) -> Run:
    def run(call: Call) -> dict[str, Any]:
        found = Refund.objects.filter(id=identity, payment__purchase__dialect=RAZORPAY).first()
        if found is None:
            raise no_such_id()
        return objects.refund(found)

    return run


@endpoint("list")
def disputes() -> Run:
    found = Dispute.objects.filter(payment__purchase__dialect=RAZORPAY)
    return lambda call: page(call, found, objects.dispute)


@endpoint("fetch")
def dispute(identity: str) -> Run:
    def run(call: Call) -> dict[str, Any]:
        found = Dispute.objects.filter(id=identity, payment__purchase__dialect=RAZORPAY).first()
        if found is None:
            raise no_such_id()
        return objects.dispute(found)

    return run

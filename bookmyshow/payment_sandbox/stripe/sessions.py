"""Checks a new Checkout Session as Stripe does, and creates it."""

from typing import Any

from .. import money
from ..currencies import problem
from ..models import STRIPE, Purchase, new_id, unix_now
from .errors import invalid, missing
from .form import as_list

LEAST, MOST = 30 * 60, 24 * 3600


def whole(value: Any, param: str) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise invalid(
            f"Invalid integer: {value}", param, code="parameter_invalid_integer"
        ) from None


def lines_of(params: dict[str, Any]) -> tuple[list[dict[str, Any]], str]:
    """The lines and their currency. Raises ApiError."""
    lines, currencies = [], set()
    for number, item in enumerate(as_list(params.get("line_items"))):
        at = f"line_items[{number}]"
        price = item.get("price_data") if isinstance(item, dict) else None
        if not isinstance(price, dict):
            raise missing(f"{at}[price_data]")
        name = (price.get("product_data") or {}).get("name")
        if not name:
            raise missing(f"{at}[price_data][product_data][name]")
        currencies.add(str(price.get("currency", "")).upper())
        unit = whole(price.get("unit_amount"), f"{at}[price_data][unit_amount]")
        quantity = whole(item.get("quantity", 1), f"{at}[quantity]")
        lines.append({"text": name, "quantity": quantity, "unit": unit})
    if not lines:
        raise missing("line_items")
    if len(currencies) != 1 or len(currency := currencies.pop()) != 3:
        raise invalid("All line items must have the same three-letter currency.", "line_items")
    return lines, currency


def expiry(params: dict[str, Any]) -> int:
    """Between 30 minutes and 24 hours from now, as with Stripe. Raises ApiError."""
    now = unix_now()
    asked = params.get("expires_at")
    if asked is None:
        return now + MOST
    at = whole(asked, "expires_at")
    # A minute of tolerance, for a request that was slow.
    if not now + LEAST - 60 <= at <= now + MOST + 60:
        raise invalid(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from now.",
            "expires_at",
        )
    return at


def new_session(params: dict[str, Any]) -> Purchase:
    """Create a session. Raises ApiError for parameters that Stripe refuses."""
    if params.get("mode") != "payment":
        raise invalid("This sandbox knows mode=payment only.", "mode")
    if not params.get("success_url"):
        raise missing("success_url")
    lines, currency = lines_of(params)
    amount = sum(line["quantity"] * line["unit"] for line in lines)
    if wrong := problem(amount, currency):
        raise invalid(wrong, "line_items")
    intent = params.get("payment_intent_data") or {}
    purchase = Purchase.objects.create(
        id=new_id("cs_test_", 58),
        dialect=STRIPE,
        amount=amount,
        currency=currency,
        reference=str(params.get("client_reference_id", ""))[:250],
        lines=lines,
        metadata=params.get("metadata") or {},
        payment_metadata=intent.get("metadata") or {},
        email=str(params.get("customer_email", ""))[:250],
        manual=intent.get("capture_method") == "manual",
        success_url=str(params["success_url"]),
        cancel_url=str(params.get("cancel_url", "")),
        expires_at=expiry(params),
    )
    money.later(purchase.expires_at - unix_now(), "expire", purchase.id)
    return purchase

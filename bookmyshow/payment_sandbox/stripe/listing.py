"""Stripe's lists: newest first, by pages, filtered."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

from ..calls import Call
from ..objects import stripe as objects
from .errors import invalid
from .form import as_list

#: For each list: how a row is shown, and which parameter filters by which field.
SHOWN: dict[str, Callable[[Any, Any], dict[str, Any]]] = {
    "sessions": objects.session,
    "intents": objects.intent,
    "charges": objects.charge,
    "refunds": objects.refund,
    "disputes": objects.dispute,
    "events": lambda event, _expand: objects.stored_event(event),
}
ADDRESSES = {
    "sessions": "/v1/checkout/sessions",
    "intents": "/v1/payment_intents",
}
FILTERS: dict[str, dict[str, str]] = {
    "sessions": {"payment_intent": "payments__id", "status": "status"},
    "intents": {},
    "charges": {"payment_intent": "id"},
    "refunds": {"payment_intent": "payment__id", "charge": "payment__charge_id"},
    "disputes": {"payment_intent": "payment__id", "charge": "payment__charge_id"},
    "events": {"type": "kind"},
}
COMPARISONS = {"gt", "gte", "lt", "lte"}


def listed(call: Call, rows: "QuerySet[Any]", name: str, expand: list[str]) -> dict[str, Any]:
    """A page of a list. Raises ApiError for a cursor that names nothing."""
    params = call.params
    for param, field in FILTERS[name].items():
        if param in params:
            rows = rows.filter(**{field: params[param]})
    if name == "events" and (kinds := as_list(params.get("types"))):
        rows = rows.filter(kind__in=kinds)
    rows = rows.filter(**created_between(params))
    order = ["-created_at", "-pk" if name == "sessions" else "-serial"]
    found = list(rows.order_by(*order))
    identity = "charge_id" if name == "charges" else "id"
    ids = [getattr(row, identity) for row in found]
    if after := params.get("starting_after"):
        found = found[place_of(ids, after, "starting_after") + 1 :]
    limit = max(1, min(int(params.get("limit", 10)), 100))
    if before := params.get("ending_before"):
        end = place_of(ids, before, "ending_before")
        found, more = found[max(end - limit, 0) : end], end > limit
    else:
        more = len(found) > limit
    below = objects.below(expand, "data")
    return {
        "object": "list",
        "data": [SHOWN[name](row, below) for row in found[:limit]],
        "has_more": more,
        "url": ADDRESSES.get(name, f"/v1/{name}"),
    }


def created_between(params: dict[str, Any]) -> dict[str, int]:
    """The filter of ``created=…`` or ``created[gte]=…``."""
    created = params.get("created")
    if created is None:
        return {}
    if isinstance(created, dict):
        return {f"created_at__{c}": int(v) for c, v in created.items() if c in COMPARISONS}
    return {"created_at": int(created)}


def place_of(ids: list[str], cursor: str, param: str) -> int:
    try:
        return ids.index(cursor)
    except ValueError:
        raise invalid(f"No such object: '{cursor}'", param, code="resource_missing") from None

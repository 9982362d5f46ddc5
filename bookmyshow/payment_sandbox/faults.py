"""Things that go wrong on demand. Each is a row that the control API or a page's address made."""

from typing import Any

from django.db.models import F

from .models import Fault, Purchase
from .writing import writing

#: For each kind: what it can happen to, and what it does.
KINDS = {
    "drop": ("api", "the change is committed, and the connection ends without an answer"),
    "unreachable": ("api", "the connection ends before anything is done"),
    "slow": ("api", "the answer comes `seconds` later; `when`: before or after the commit"),
    "error": ("api", "500; `when`: before (nothing done) or after the commit. It is replayed"),
    "rate_limited": ("api", "429, nothing is done"),
    "refuse": ("api", "a capture or a refund is refused; `code` says why"),
    "refund_fails": ("outcome", "the refund fails after `seconds`, with `reason`"),
    "refund_waits": ("outcome", "the refund succeeds after `seconds`"),
    "wrong_amount": ("pay", "another `amount` is paid"),
    "wrong_currency": ("pay", "another `currency` is paid"),
    "never": ("event", "the event is not sent"),
    "twice": ("event", "the event is sent twice"),
    "late": ("event", "the event is sent `seconds` later"),
    "reordered": ("event", "the event is sent after a later one has arrived"),
    "forged": ("event", "the event is signed with another secret"),
    "old": ("event", "the event's signature is an hour old"),
}
OPERATIONS = {
    "api": ["create", "fetch", "list", "expire", "capture", "cancel", "refund", "*"],
    "outcome": ["refund"],
    "pay": ["pay"],
    "event": ["event"],
}


def add(kind: str, operation: str = "", *, only: str = "", times: int = 1, **value: Any) -> Fault:
    """Make something go wrong. Raises ValueError if there is no such fault."""
    if kind not in KINDS:
        raise ValueError(f"kind must be one of: {', '.join(KINDS)}")
    possible = OPERATIONS[KINDS[kind][0]]
    operation = operation or ("*" if possible[-1] == "*" else possible[0])
    if operation not in possible:
        raise ValueError(f"operation of {kind} must be one of: {', '.join(possible)}")
    return Fault.objects.create(kind=kind, operation=operation, only=only, times=times, value=value)


def take(operation: str, *names: str) -> dict[str, dict[str, Any]]:
    """The faults that happen now, by kind, with their values. Each is counted.

    `names` are what a fault's ``only`` may name: a purchase's id and reference, an event's kind.
    """
    sort = operation if operation in {"pay", "event"} else "api"
    kinds = [kind for kind, (of, _) in KINDS.items() if of == sort]
    return _take(kinds, operation, names)


def take_outcome(*names: str) -> dict[str, Any]:
    """How a refund ends later: `seconds`, and `failure` if it fails. Empty: it succeeds at once."""
    found = _take(["refund_fails", "refund_waits"], "refund", names)
    if "refund_fails" in found:
        value = found["refund_fails"]
        reason = str(value.get("reason", "expired_or_canceled_card"))
        return {"seconds": float(value.get("seconds", 0)), "failure": reason}
    if "refund_waits" in found:
        return {"seconds": float(found["refund_waits"].get("seconds", 0)), "failure": ""}
    return {}


def _take(kinds: list[str], operation: str, names: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    rows = Fault.objects.filter(
        operation__in=[operation, "*"], only__in=["", *names], kind__in=kinds
    ).exclude(times=0)
    if not rows.exists():
        return found
    with writing():
        for fault in rows.order_by("pk"):
            if fault.kind not in found:
                found[fault.kind] = fault.value
                if fault.times > 0:
                    Fault.objects.filter(pk=fault.pk).update(times=F("times") - 1)
    return found


def names_of(purchase: Purchase | None) -> list[str]:
    return [purchase.id, purchase.reference] if purchase else []

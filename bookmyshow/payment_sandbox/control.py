"""The control API (``/_sandbox/…``, JSON): what tests and curious people do to the sandbox.

A POST must be ``application/json``, so no page of another site can send one from a browser.
"""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from . import clock, faults, money, pages
from .models import (
    Answer,
    Delivery,
    Dispute,
    Endpoint,
    Event,
    Fault,
    Later,
    Payment,
    Purchase,
    Refund,
    unix_now,
)
from .setup import Configuration
from .writing import writing

# Emptied by a reset, in the order that foreign keys allow.
EMPTIED = (Answer, Delivery, Endpoint, Event, Dispute, Refund, Payment, Purchase, Fault, Later)


def control(run: Callable[..., Any]) -> Callable[..., HttpResponse]:
    """A view of JSON both ways, in one transaction. A ValueError or Refused is a 400."""

    @csrf_exempt
    @wraps(run)
    def view(request: HttpRequest, **ids: str) -> HttpResponse:
        wanted: dict[str, Any] = {}
        if request.method == "POST":
            if request.content_type != "application/json":
                return JsonResponse({"error": "Send application/json."}, status=415)
            wanted = json.loads(request.body or b"{}")
        try:
            with writing():
                return JsonResponse(run(wanted, **ids), safe=False)
        except (ValueError, TypeError, money.Refused) as error:
            return JsonResponse({"error": str(error)}, status=400)
        except (Purchase.DoesNotExist, Payment.DoesNotExist, Refund.DoesNotExist) as error:
            return JsonResponse({"error": str(error)}, status=404)

    return view


@control
def ready(_wanted: dict[str, Any]) -> dict[str, Any]:
    """Whether it answers, what is still to be sent, and how many calls with a key still run."""
    return {
        "ready": True,
        "test_mode": True,
        "unsent": Delivery.objects.filter(done=False).count(),
        "in_progress": Answer.objects.filter(status=0).count(),
        "faults": Fault.objects.exclude(times=0).count(),
    }


@control
def fault(wanted: dict[str, Any]) -> dict[str, Any]:
    """Let something go wrong: kind, operation, only, times, and the fault's own values."""
    made = faults.add(wanted.pop("kind", ""), wanted.pop("operation", ""), **wanted)
    return {"id": made.pk, "kind": made.kind, "operation": made.operation}


@control
def calm(_wanted: dict[str, Any]) -> dict[str, Any]:
    """Take all faults back."""
    return {"faults": Fault.objects.all().delete()[0]}


@control
def reset(_wanted: dict[str, Any]) -> dict[str, Any]:
    """Forget everything but the keys."""
    for model in EMPTIED:
        model.objects.all().delete()
    return {"reset": True}


@control
def configure(wanted: dict[str, Any]) -> dict[str, Any]:
    """Change endpoints, secrets and keys (bookmyshow.payment_sandbox.setup)."""
    Configuration(**wanted).apply()
    return {"endpoints": list(Endpoint.objects.values("dialect", "url", "kinds"))}


@control
def pay(wanted: dict[str, Any], identity: str) -> dict[str, Any]:
    """What the customer does: outcome pay, bank, decline or later (with seconds)."""
    purchase = one_purchase(identity)
    outcome = wanted.get("outcome", "pay")
    if outcome == "later":
        pages.pay_later(purchase, float(wanted.get("seconds", 10)))
    elif outcome == "decline":
        money.decline(purchase)
    elif outcome in {"pay", "bank"}:
        money.pay(purchase, one_step=outcome == "bank")
    else:
        raise ValueError("outcome: use pay, bank, decline or later")
    return facts_of(purchase)


@control
def payment(wanted: dict[str, Any], identity: str) -> dict[str, Any]:
    """Without the shop: authorise_late, end_authorisation, refund or dispute."""
    paid = Payment.objects.get(id=identity)
    action = wanted.get("action")
    if action == "authorise_late":
        money.authorise_late(paid)
    elif action == "end_authorisation":
        money.end_authorisation(paid)
    elif action == "refund":
        money.refund(paid, wanted.get("amount"), outside=True)
    elif action == "dispute":
        opened = money.open_dispute(paid, wanted.get("amount"), wanted.get("reason", "fraudulent"))
        return {"dispute": opened.id, **facts_of(paid.purchase)}
    else:
        raise ValueError("action: use authorise_late, end_authorisation, refund or dispute")
    return facts_of(paid.purchase)


@control
def refund(wanted: dict[str, Any], identity: str) -> dict[str, Any]:
    """End a refund: failure is the reason why it failed, or empty."""
    given = money.end_refund(Refund.objects.get(id=identity), wanted.get("failure", ""))
    return facts_of(given.payment.purchase)


@control
def dispute(wanted: dict[str, Any], identity: str) -> dict[str, Any]:
    """End a dispute: won is true or false."""
    ended = money.close_dispute(Dispute.objects.get(id=identity), won=bool(wanted["won"]))
    return facts_of(ended.payment.purchase)


@control
def expire(_wanted: dict[str, Any], identity: str) -> dict[str, Any]:
    return facts_of(money.expire(one_purchase(identity)))


@control
def send_again(wanted: dict[str, Any], identity: str) -> dict[str, Any]:
    """Send an event again, also one that was never sent; signature forged or old if wished."""
    event = Event.objects.get(id=identity)
    for endpoint in Endpoint.objects.filter(dialect=event.dialect):
        Delivery.objects.create(
            event=event, endpoint=endpoint, signature=wanted.get("signature", "")
        )
    return {"sent": event.id}


@control
def let_time_pass(wanted: dict[str, Any]) -> dict[str, Any]:
    """Do now what would happen in the next `seconds` by itself (all of it without `seconds`)."""
    seconds = float(wanted.get("seconds", 10**9))
    return {"happened": clock.tick(unix_now() + seconds)}


@control
def facts(_wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """All money facts, by purchase."""
    return [facts_of(purchase) for purchase in Purchase.objects.order_by("created_at", "pk")]


@control
def facts_of_one(_wanted: dict[str, Any], identity: str) -> dict[str, Any]:
    return facts_of(one_purchase(identity))


@control
def events(_wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """All events, and how their deliveries went."""
    return [
        {
            "id": event.id,
            "dialect": event.dialect,
            "kind": event.kind,
            "created": event.created_at,
            "deliveries": list(event.deliveries.values("status", "tries", "done", "signature")),
        }
        for event in Event.objects.order_by("serial").prefetch_related("deliveries")
    ]


def one_purchase(identity: str) -> Purchase:
    """The purchase with this id, or the newest with this reference of the shop."""
    by_id = Purchase.objects.filter(pk=identity).first()
    if by_id is not None:
        return by_id
    by_reference = Purchase.objects.filter(reference=identity).order_by("-created_at").first()
    if by_reference is None:
        raise Purchase.DoesNotExist(f"no purchase {identity}")
    return by_reference


def facts_of(purchase: Purchase) -> dict[str, Any]:
    """What was authorised, captured and given back, in minor units."""
    payments = list(purchase.payments.order_by("serial"))
    refunds = list(Refund.objects.filter(payment__in=payments).order_by("serial"))
    disputes = list(Dispute.objects.filter(payment__in=payments).order_by("serial"))
    held = [p.amount for p in payments if p.status == Payment.Status.AUTHORISED]
    arrived = [r.amount for r in refunds if r.status == Refund.Status.SUCCEEDED]
    waiting = [r.amount for r in refunds if r.status == Refund.Status.PENDING]
    return {
        "id": purchase.id,
        "dialect": purchase.dialect,
        "reference": purchase.reference,
        "metadata": purchase.metadata,
        "amount": purchase.amount,
        "currency": purchase.currency,
        "status": purchase.status,
        "authorised": sum(held),
        "captured": purchase.paid,
        "refunded": sum(arrived),
        "refunds_pending": sum(waiting),
        "payments": [
            {
                "id": p.id,
                "charge": p.charge_id,
                "status": p.status,
                "amount": p.amount,
                "currency": p.currency,
                "captured": p.captured,
                "one_step": p.one_step,
            }
            for p in payments
        ],
        "refunds": [
            {
                "id": r.id,
                "payment": r.payment.id,
                "amount": r.amount,
                "status": r.status,
                "failure": r.failure,
                "outside": r.outside,
                "metadata": r.metadata,
            }
            for r in refunds
        ],
        "disputes": [{"id": d.id, "amount": d.amount, "status": d.status} for d in disputes],
    }

"""Lets happen what happens by itself: sessions expire, refunds arrive, authorisations end."""

import logging
import threading
import time

from . import money
from .models import Later, Payment, Purchase, Refund
from .writing import writing

log = logging.getLogger("payment_sandbox")
PAUSE = 0.2


def happen(due: Later) -> None:
    """Do one thing. What is not possible any more is left out."""
    try:
        if due.action == "expire":
            money.expire(Purchase.objects.get(pk=due.object_id))
        elif due.action == "pay":
            money.pay(Purchase.objects.get(pk=due.object_id))
        elif due.action == "authorise_late":
            money.authorise_late(Payment.objects.get(id=due.object_id))
        elif due.action == "end_authorisation":
            money.end_authorisation(Payment.objects.get(id=due.object_id))
        elif due.action == "end_refund":
            refund = Refund.objects.get(id=due.object_id)
            money.end_refund(refund, str(due.value.get("failure", "")))
    except money.Refused as refused:
        log.debug("%s of %s: %s", due.action, due.object_id, refused.message)


def tick(now: float | None = None) -> int:
    """Do everything that is due, each in its own transaction. Returns how much it was."""
    count = 0
    for pk in Later.objects.filter(due_at__lte=now or time.time()).values_list("pk", flat=True):
        with writing():
            due = Later.objects.filter(pk=pk).first()
            if due is not None:
                happen(due)
                due.delete()
                count += 1
    return count


class Clock(threading.Thread):
    def __init__(self) -> None:
        super().__init__(name="clock", daemon=True)

    def run(self) -> None:
        while True:
            try:
                tick()
            except Exception:
                log.exception("the clock could not do what is due")
            time.sleep(PAUSE)

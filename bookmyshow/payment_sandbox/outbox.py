"""Sends events to the shop, with the providers' real signatures, until they are taken.

A thread of the sandbox's process. What is to be sent is in the database, so a ``kill -9`` loses
nothing; it may send an event a second time.
"""

import hashlib
import hmac
import logging
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from .models import STRIPE, Delivery
from .writing import writing

log = logging.getLogger("payment_sandbox")
#: Seconds between two looks at the database.
PAUSE = 0.2
TIMEOUT = 10
#: Seconds before the next try after each failed one; the last value repeats until GIVE_UP_TRIES.
PAUSES = (1, 2, 4, 8, 15, 30, 60)
GIVE_UP_TRIES = 500
AT_ONCE = 4
HOUR = 3600


def hmac_sha256(secret: str, text: bytes) -> str:
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def signature_headers(delivery: Delivery, *, now: int) -> dict[str, str]:
    """The headers that prove who sent the event: of Stripe or of Razorpay."""
    body = delivery.event.body.encode()
    secrets = delivery.endpoint.secrets
    if delivery.signature == "forged":
        secrets = ["a-secret-that-nobody-knows"]
    if delivery.event.dialect == STRIPE:
        at = now - HOUR if delivery.signature == "old" else now
        signed = f"{at}.".encode() + body
        parts = [f"v1={hmac_sha256(secret, signed)}" for secret in secrets]
        return {"Stripe-Signature": ",".join([f"t={at}", *parts])}
    # Razorpay signs with one secret. It is the newest.
    return {
        "X-Razorpay-Signature": hmac_sha256(secrets[0], body),
        "x-razorpay-event-id": delivery.event.id,
    }


def post(delivery: Delivery) -> int:
    """Send an event once. Returns the answer's status, or 0 if there was none."""
    headers = signature_headers(delivery, now=int(time.time()))
    request = urllib.request.Request(
        delivery.endpoint.url,
        data=delivery.event.body.encode(),
        headers={"Content-Type": "application/json", **headers},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def deliver(serial: int) -> None:
    """Send one delivery, and write down how it went."""
    delivery = Delivery.objects.select_related("event", "endpoint").get(pk=serial)
    status = post(delivery)
    taken = 200 <= status < 300
    tries = delivery.tries + 1
    pause = PAUSES[min(tries, len(PAUSES)) - 1]
    with writing():
        Delivery.objects.filter(pk=serial).update(
            status=status,
            tries=tries,
            done=taken or tries >= GIVE_UP_TRIES,
            due_at=time.time() + pause,
        )
    if not taken and tries == 1:
        log.info("%s was not taken (HTTP %s); sent again", delivery.event.kind, status)


def was_overtaken(serial: int, endpoint: str) -> bool:
    """Whether a later event has arrived there."""
    return Delivery.objects.filter(endpoint=endpoint, pk__gt=serial, done=True).exists()


class Outbox(threading.Thread):
    """Sends what is due, a few at once and in no certain order, as the providers do."""

    def __init__(self) -> None:
        super().__init__(name="outbox", daemon=True)
        self.on_their_way: set[int] = set()
        self.lock = threading.Lock()

    def run(self) -> None:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            while True:
                try:
                    self.start_due(pool)
                except Exception:
                    log.exception("the outbox could not read what is due")
                time.sleep(PAUSE)

    def start_due(self, pool: ThreadPoolExecutor) -> None:
        due = Delivery.objects.filter(done=False, due_at__lte=time.time()).order_by("due_at", "pk")
        for serial, endpoint, waits in list(due.values_list("pk", "endpoint", "waits")[:50]):
            if waits and not was_overtaken(serial, endpoint):
                continue
            with self.lock:
                if serial in self.on_their_way:
                    continue
                self.on_their_way.add(serial)
            pool.submit(self.deliver_one, serial)

    def deliver_one(self, serial: int) -> None:
        try:
            deliver(serial)
        except Exception:
            log.exception("an event could not be sent")
        finally:
            with self.lock:
                self.on_their_way.discard(serial)

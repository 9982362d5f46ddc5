"""Sends push messages: the outbox's sender for its channel "push" (docs/spec.md §21.2).

pywebpush encrypts a message for its browser (RFC 8291), py-vapid signs the site's name (RFC 8292).
The request itself is our own (`transport`), because the addresses come from browsers.
"""

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Now

from accounts.outbox.failures import Failure, Refusal, words_of
from accounts.outbox.models import Channel, Message
from accounts.outbox.one_run import one_run
from accounts.outbox.registry import Drop
from accounts.outbox.sending import send_due
from bookmyshow.core.observability.metrics import PUSH_SECONDS, PUSHES
from bookmyshow.core.time import database_now

from .content import Content
from .endpoints import BadEndpoint, Endpoint, parse_endpoint
from .keys import encoded, server_key
from .kinds import SUBSCRIPTION, Parcel
from .models import Subscription
from .transport import NoAnswer, post

# Each thread of a run has a connection to the database, of a pool that has WEB_THREADS.
THREADS = 3
TAKEN = {200, 201, 202, 204}
GONE = {404, 410}
LATER = {408, 425, 429}
# A host that failed this often in a row is not asked again in the same run.
HOST_FAILURES = 3
# A browser that could not be reached for this long is forgotten.
FORGET_AFTER = timedelta(days=14)
TOKEN_LIFE = timedelta(hours=1)


class Refused(OSError):
    """The push service said no. `status` is its HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


class HostIsSilent(OSError):
    """The push service failed several times in this run."""


class PushSender:
    """Sends one message at a time. No failure concerns every message: each browser names its own
    push service."""

    def __init__(self) -> None:
        self._failures: dict[str, int] = {}

    def open(self) -> None:
        """Each message has its own connection."""

    def send(self, message: Message, content: Parcel) -> None:
        """Raises Refused, NoAnswer, HostIsSilent, BadEndpoint."""
        endpoint = parse_endpoint(content.subscription.endpoint)
        if self._failures.get(endpoint.host, 0) >= HOST_FAILURES:
            raise HostIsSilent("the push service failed several times in this run")
        started = time.perf_counter()
        try:
            body = encrypt(content.content.payload(), content.subscription)
            status = post(endpoint, body, headers(content.content, endpoint))
        except NoAnswer:
            self._failures[endpoint.host] = self._failures.get(endpoint.host, 0) + 1
            raise
        finally:
            PUSH_SECONDS.observe(time.perf_counter() - started)
        self._failures.pop(endpoint.host, None)
        if status not in TAKEN:
            raise Refused(status)
        PUSHES.labels("sent").inc()
        _works(content.subscription)

    def refusal(self, error: Exception, message: Message) -> Refusal | Drop:
        """Classify an error of `send`. A browser that is gone is forgotten."""
        browser = Subscription.objects.filter(pk=message.data[SUBSCRIPTION])
        if isinstance(error, Refused) and error.status in GONE:
            browser.delete()
            PUSHES.labels("gone").inc()
            return Drop(f"The browser is gone ({error}).")
        if isinstance(error, BadEndpoint):
            browser.delete()
            PUSHES.labels("refused").inc()
            return Drop(f"The address of the push service {error}.")
        if not is_passing(error):
            PUSHES.labels("refused").inc()
            return Refusal(Failure.PERMANENT, words_of(error))
        PUSHES.labels("later").inc()
        _fails(browser)
        return Refusal(Failure.TEMPORARY, words_of(error))

    def drop_connection(self) -> None:
        """Nothing is open between two messages."""

    def close(self) -> None:
        """Nothing is open between two messages."""


def is_passing(error: Exception) -> bool:
    """Whether a later try may succeed."""
    if isinstance(error, Refused):
        return error.status in LATER or error.status >= 500
    return isinstance(error, NoAnswer | HostIsSilent)


def encrypt(payload: bytes, subscription: Subscription) -> bytes:
    """The body for this browser (aes128gcm)."""
    # Here, because it loads an HTTP client of half a second that only senders need.
    from pywebpush import WebPusher

    keys = {"p256dh": subscription.p256dh, "auth": subscription.auth}
    pusher = WebPusher({"endpoint": subscription.endpoint, "keys": keys})
    body: bytes = pusher.encode(payload)["body"]
    return body


def headers(content: Content, endpoint: Endpoint) -> dict[str, str]:
    """How long the message is kept, and that it replaces an earlier one (RFC 8030)."""
    topic = encoded(hashlib.sha256(content.tag.encode()).digest()[:24])
    return {
        "Content-Type": "application/octet-stream",
        "Content-Encoding": "aes128gcm",
        "TTL": str(max(0, content.ttl)),
        "Urgency": content.urgency,
        "Topic": topic,
        "Authorization": authorization(endpoint),
    }


def authorization(endpoint: Endpoint) -> str:
    """A signed token that names this site to one push service."""
    from py_vapid import Vapid02

    key = server_key()
    assert key is not None
    claims = {
        "aud": endpoint.origin,
        "sub": settings.VAPID_SUBJECT,
        "exp": int(time.time() + TOKEN_LIFE.total_seconds()),
    }
    signed: dict[str, str] = Vapid02(key.private).sign(claims)
    return signed["Authorization"]


def send_due_pushes() -> int:
    """Send what is due, in THREADS threads; returns how many messages were sent.

    One slow push service keeps one thread for some seconds, and the others go on.
    """
    with one_run(Channel.PUSH) as is_alone:
        due = Message.objects.due(at=database_now(), channel=Channel.PUSH)
        if not is_alone or not due.exists():
            return 0
        with ThreadPoolExecutor(THREADS) as pool:
            return sum(pool.map(_run, range(THREADS)))


def _run(_number: int) -> int:
    try:
        return send_due(Channel.PUSH).sent
    finally:
        connection.close()


def _works(subscription: Subscription) -> None:
    if subscription.failing_since:
        Subscription.objects.filter(pk=subscription.pk).update(failing_since=None)


def _fails(browser: QuerySet[Subscription]) -> None:
    """Note since when a browser can't be reached; forget it after FORGET_AFTER."""
    if not browser.filter(failing_since=None).update(failing_since=Now()):
        browser.filter(failing_since__lt=Now() - FORGET_AFTER).delete()

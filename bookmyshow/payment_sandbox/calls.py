"""How a call of either API is answered: faults, idempotency keys, and the change itself."""

import hashlib
import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from . import faults
from .models import Answer, unix_now

DAY = 86_400


class ApiError(Exception):
    """An answer that is an error. `keep`: it is stored for its idempotency key."""

    def __init__(self, status: int, body: dict[str, Any], *, keep: bool = True) -> None:
        super().__init__(body)
        self.status = status
        self.body = body
        self.keep = keep


@dataclass
class Call:
    """One call of an API."""

    request: HttpRequest
    dialect: str
    operation: str
    params: dict[str, Any]
    key: str = ""
    #: Faults of this call, by kind, with their values.
    faults: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def base(self) -> str:
        """The address of the sandbox, as the shop calls it."""
        return self.request.build_absolute_uri("/").rstrip("/")

    @property
    def hash(self) -> str:
        """Of what the caller asked for: another request with the same key is refused."""
        asked = [self.request.method, self.request.path, self.params]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Errors:
    """The errors that both protocols have, in the words of one of them."""

    #: A call of the same key with other parameters; a call of the same key that still runs.
    key_reused: Callable[[], ApiError]
    key_in_use: Callable[[], ApiError]
    broken: Callable[[], ApiError]
    rate_limited: Callable[[], ApiError]


def drop_connection(request: HttpRequest) -> HttpResponse:
    """End the connection without an answer."""
    connection = request.environ.get("payment_sandbox.socket")  # type: ignore[attr-defined]
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    return HttpResponse()


def sleep_if_slow(call: Call, when: str) -> None:
    slow = call.faults.get("slow")
    if slow is not None and slow.get("when", "after") == when:
        time.sleep(min(float(slow.get("seconds", 8)), 120))


def answer(
    call: Call, names: list[str], errors: Errors, run: Callable[[Call], dict[str, Any]]
) -> HttpResponse:
    """Answer a call. `run` makes the change and returns the body, or raises ApiError."""
    call.faults = faults.take(call.operation, *names)
    if "unreachable" in call.faults:
        return drop_connection(call.request)
    try:
        if "rate_limited" in call.faults:
            raise errors.rate_limited()
        if call.key:
            replayed = begin(call, errors)
            if replayed is not None:
                return replayed
        sleep_if_slow(call, "before")
        status, body = carry_out(call, errors, run)
    except ApiError as error:
        status, body = error.status, json.dumps(error.body)
    sleep_if_slow(call, "after")
    if "drop" in call.faults:
        return drop_connection(call.request)
    return HttpResponse(body, status=status, content_type="application/json")


def begin(call: Call, errors: Errors) -> HttpResponse | None:
    """Claim the idempotency key. Returns the first answer if there is one.

    Raises ApiError for a key that was used with other parameters, or is in use.
    """
    Answer.objects.filter(dialect=call.dialect, created_at__lt=unix_now() - DAY).delete()
    try:
        with transaction.atomic():
            Answer.objects.create(dialect=call.dialect, key=call.key, request_hash=call.hash)
    except IntegrityError:
        first = Answer.objects.filter(dialect=call.dialect, key=call.key).first()
        if first is None or first.status == 0:
            raise errors.key_in_use() from None
        if first.request_hash != call.hash:
            raise errors.key_reused() from None
        replayed = HttpResponse(first.body, status=first.status, content_type="application/json")
        replayed.headers["Idempotent-Replayed"] = "true"
        if "drop" in call.faults:
            return drop_connection(call.request)
        return replayed
    return None


def carry_out(call: Call, errors: Errors, run: Callable[[Call], dict[str, Any]]) -> tuple[int, str]:
    """Make the change and store the answer for the key, in one transaction."""
    broken = call.faults.get("error")
    keep = True
    with transaction.atomic():
        try:
            if broken is not None and broken.get("when", "after") == "before":
                raise errors.broken()
            status, body = 200, json.dumps(run(call))
            if broken is not None:
                raise errors.broken()
        except ApiError as error:
            status, body, keep = error.status, json.dumps(error.body), error.keep
        if call.key:
            stored = Answer.objects.filter(dialect=call.dialect, key=call.key)
            if keep:
                stored.update(status=status, body=body)
            else:
                stored.delete()
    return status, body


def forget_unfinished() -> None:
    """When the process starts: nobody works on these keys any more, so they are free again."""
    Answer.objects.filter(status=0).delete()

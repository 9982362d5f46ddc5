"""How a call of either API is answered: faults, idempotency keys, and the change itself."""

import hashlib
import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse

from . import faults
from .models import Answer, unix_now
from .writing import writing

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
    bad_value: Callable[[str], ApiError]


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
    with writing():
        first, is_new = Answer.objects.get_or_create(
            dialect=call.dialect, key=call.key, defaults={"request_hash": call.hash}
        )
        if not is_new and first.status and first.created_at < unix_now() - DAY:
            # Both providers forget a key after a day.
            first.request_hash, first.status, first.created_at = call.hash, 0, unix_now()
            first.save()
            is_new = True
    if is_new:
        return None
    if first.status == 0:
        raise errors.key_in_use()
    if first.request_hash != call.hash:
        raise errors.key_reused()
    if "drop" in call.faults:
        return drop_connection(call.request)
    replayed = HttpResponse(first.body, status=first.status, content_type="application/json")
    replayed.headers["Idempotent-Replayed"] = "true"
    return replayed


def carry_out(call: Call, errors: Errors, run: Callable[[Call], dict[str, Any]]) -> tuple[int, str]:
    """Make the change and store the answer for the key, in one transaction."""
    if call.request.method == "GET":
        return outcome(call, errors, run)[:2]
    try:
        with writing():
            status, body, keep = outcome(call, errors, run)
            stored = Answer.objects.filter(dialect=call.dialect, key=call.key)
            if call.key and keep:
                stored.update(status=status, body=body)
            elif call.key:
                stored.delete()
    except BaseException:
        # Nothing was changed, so the key is free again.
        Answer.objects.filter(dialect=call.dialect, key=call.key, status=0).delete()
        raise
    return status, body


def outcome(
    call: Call, errors: Errors, run: Callable[[Call], dict[str, Any]]
) -> tuple[int, str, bool]:
    """Status and body of the answer, and whether it is kept for the idempotency key."""
    broken = call.faults.get("error")
    try:
        if broken is not None and broken.get("when", "after") == "before":
            raise errors.broken()
        body = run(call)
        if broken is not None:
            raise errors.broken()
    except ApiError as error:
        return error.status, json.dumps(error.body), error.keep
    except (ValueError, TypeError) as error:
        refused = errors.bad_value(str(error))
        return refused.status, json.dumps(refused.body), refused.keep
    return 200, json.dumps(body), True


def forget_unfinished() -> None:
    """When the process starts: nobody works on these keys any more, so they are free again."""
    Answer.objects.filter(status=0).delete()

"""The id of the current request or task. It is in logs, response headers and error pages."""

import re
from contextvars import ContextVar
from uuid import uuid4

HEADER = "X-Request-ID"
ACCEPTED = re.compile(r"[A-Za-z0-9._-]{8,64}")

_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """The current id, or "" outside of requests and tasks."""
    return _current.get()


def adopt(given: str | None) -> str:
    """Set and return the current id: the one that a proxy or the sender of a task gave, or a new
    one.

    A given id that does not match ACCEPTED is replaced, because it could forge a line of the log.
    """
    request_id = given if given and ACCEPTED.fullmatch(given) else uuid4().hex
    _current.set(request_id)
    return request_id

"""The id of the request or task that is being worked on: in logs, answers and error pages."""

import re
from contextvars import ContextVar
from uuid import uuid4

HEADER = "X-Request-ID"
ACCEPTED = re.compile(r"[A-Za-z0-9._-]{8,64}")

_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """Empty outside of requests and tasks."""
    return _current.get()


def adopt(given: str | None) -> str:
    """Make the id that a proxy (or the sender of a task) gave the current one, or else a new one.

    Only what can't be mistaken for anything else in a log is taken from outside.
    """
    request_id = given if given and ACCEPTED.fullmatch(given) else uuid4().hex
    _current.set(request_id)
    return request_id

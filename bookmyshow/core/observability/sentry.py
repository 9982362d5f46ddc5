"""Sends error reports to Sentry if SENTRY_DSN is set. Personal data is removed from them."""

from typing import Any

import sentry_sdk
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.django import DjangoIntegration

from . import request_id
from .logs import hide

#: Parts of a request that may contain personal data or credentials.
NEVER_SENT = ("cookies", "data", "env", "query_string", "headers")


def start(dsn: str, **options: Any) -> None:
    """Report unhandled errors from now on. `options` are used by the tests only."""
    sentry_sdk.init(
        dsn=dsn,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        integrations=[DjangoIntegration(), CeleryIntegration()],
        before_send=scrub,
        **options,
    )


def scrub(event: Any, hint: Any) -> Any:
    """The report without personal data and secrets, and with the request's id as a tag."""
    event.pop("user", None)
    event.pop("server_name", None)
    for part in NEVER_SENT:
        event.get("request", {}).pop(part, None)
    event.setdefault("tags", {})["request_id"] = request_id.current()
    return _hidden(event)


def _hidden(value: Any) -> Any:
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, dict):
        return {key: _hidden(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_hidden(each) for each in value]
    return value

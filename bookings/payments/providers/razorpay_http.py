"""Calls to Razorpay's API over `requests`: one try, a limit of time, errors of ours."""

import threading
from collections.abc import Mapping
from typing import Any

import requests

from .base import (
    TIMEOUT_SECONDS,
    BalanceTooLow,
    ProviderError,
    ProviderMisconfigured,
    ProviderNotFound,
    ProviderRefused,
    ProviderUnknown,
)

Json = dict[str, Any]
#: Razorpay has one code for all that is wrong with a call; only its words tell them apart
#: ("Errors" of each page in razorpay.com/docs/api).
NOT_FOUND_WORDS = ("does not exist", "not a valid id")
BALANCE_WORDS = ("enough balance", "insufficient balance")


class Http:
    """Speaks JSON with one server, with one key. Each thread keeps a connection of its own."""

    def __init__(self, base: str, key_id: str, key_secret: str) -> None:
        self.base = base
        self._auth = (key_id, key_secret)
        self._of_thread = threading.local()

    def __repr__(self) -> str:
        return f"Http({self.base!r})"

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Json:
        return self._call("GET", path, params=query)

    def post(
        self, path: str, values: Mapping[str, object], headers: Mapping[str, str] | None = None
    ) -> Json:
        return self._call("POST", path, json=values, headers=headers)

    def _call(self, method: str, path: str, **options: Any) -> Json:
        """The answer of one call. Raises the errors of `base`, without the provider's words."""
        try:
            answer = self._session.request(
                method,
                self.base + path,
                auth=self._auth,
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
                **options,
            )
            values = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise ProviderUnknown(
                f"Razorpay gave no usable answer ({type(error).__name__})"
            ) from None
        if answer.status_code == 200 and isinstance(values, dict):
            return values
        raise error_of(answer.status_code, values)

    @property
    def _session(self) -> requests.Session:
        if not hasattr(self._of_thread, "session"):
            self._of_thread.session = requests.Session()
        session: requests.Session = self._of_thread.session
        return session


def error_of(status: int, values: object) -> ProviderError:
    """What an answer other than 200 means."""
    error = values.get("error") if isinstance(values, dict) else None
    details: Json = error if isinstance(error, dict) else {}
    words = str(details.get("description") or "").lower()
    if status in {401, 403, 429}:
        return ProviderMisconfigured(f"Razorpay refused the key or the call (HTTP {status})")
    if status not in {400, 404}:
        # 409: the same refund is being made by another call, or with other values.
        return ProviderUnknown(f"Razorpay gave no usable answer (HTTP {status})")
    if status == 404 or any(word in words for word in NOT_FOUND_WORDS):
        return ProviderNotFound(f"Razorpay doesn't know it (HTTP {status})")
    code = _code(details)
    if any(word in words for word in BALANCE_WORDS):
        return BalanceTooLow(code, "the balance at Razorpay is too low")
    return ProviderRefused(code, f"Razorpay refused it (HTTP {status})")


def _code(details: Json) -> str:
    """The reason where Razorpay gives one ("input_validation_failed"), otherwise its code."""
    reason = str(details.get("reason") or "")
    return reason if reason not in {"", "NA"} else str(details.get("code") or "refused")

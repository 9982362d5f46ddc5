"""Clients of the payment sandbox for tests, and a shop that takes its events."""

import json
import threading
from dataclasses import dataclass, field
from typing import Any

import requests
import stripe as sdk

from tests.support.sandbox import PATIENCE_SECONDS, Sandbox

RAZORPAY_KEYS = ("rzp_test_sandbox", "razorpay-sandbox-secret")


def stripe_client(sandbox: Sandbox, key: str = "sk_test_sandbox") -> sdk.StripeClient:
    """Stripe's own client, which repeats nothing by itself."""
    return sdk.StripeClient(
        key,
        base_addresses={"api": sandbox.url},
        max_network_retries=0,
        http_client=sdk.RequestsClient(timeout=PATIENCE_SECONDS),
    )


class Razorpay:
    """Razorpay's API over plain HTTP."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.base = sandbox.url
        self.keys = RAZORPAY_KEYS

    def call(self, method: str, path: str, values: Any = None, **headers: str) -> requests.Response:
        return requests.request(
            method,
            f"{self.base}/v1/{path}",
            auth=self.keys,
            json=values,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
            timeout=PATIENCE_SECONDS,
        )

    def get(self, path: str) -> Any:
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, values: Any = None, **headers: str) -> Any:
        answer = self.call("POST", path, values, **headers)
        assert answer.status_code == 200, answer.text
        return answer.json()


@dataclass
class Received:
    headers: dict[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        event = json.loads(self.body)
        return str(event.get("type") or event["event"])


@dataclass
class Receiver:
    """A shop that takes every event. `status` is what it answers."""

    url: str = ""
    status: int = 200
    received: list[Received] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, count: int) -> list[Received]:
        """The first `count` requests, when they have arrived."""
        with self.changed:
            arrived = self.changed.wait_for(
                lambda: len(self.received) >= count, timeout=PATIENCE_SECONDS
            )
        assert arrived, [each.kind for each in self.received]
        return self.received[:count]

    def kinds(self) -> list[str]:
        return [each.kind for each in self.received]

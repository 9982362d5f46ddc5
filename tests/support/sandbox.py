"""The payment sandbox as a process of its own, which a test can kill and start again."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from bookings.payments import providers
from bookmyshow.environment import ROOT
from tests.support.deployed_site import START_SECONDS, free_port

PATIENCE_SECONDS = 120.0
# Of a call in the tests' own process. A busy machine may need more than the five seconds of the
# product. Less than the claims of settlements, so that no claim lapses during a call.
CALL_SECONDS = 30.0


class Sandbox:
    """A running sandbox with a port and a folder of its own.

    Events are sent nowhere until `send_events_to` is called.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """For a site in another process (tests.support.deployed_site.serve)."""
        return {"PAYMENTS": "sandbox", "SANDBOX_URL": self.url}

    def start(self) -> None:
        """Start it with what it had when it was killed, and wait until it answers."""
        command = [sys.executable, "-m", "bookmyshow.payment_sandbox", "--port", str(self.port)]
        command += ["--data", str(self.folder)]
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self.control("GET", "ready")
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"the sandbox did not start:\n{(self.folder / 'log').read_text()}")

    def kill(self) -> None:
        """End it at once, as a power cut would. What was committed is there after `start`."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.kill()

    def control(self, method: str, path: str, **values: Any) -> Any:
        """Call the control API. Raises ValueError with its words if it refuses."""
        request = urllib.request.Request(
            f"{self.url}/_sandbox/{path}",
            data=json.dumps(values).encode() if method == "POST" else None,
            headers={"Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise ValueError(error.read().decode()) from None

    def fault(self, kind: str, operation: str = "", **values: Any) -> None:
        """Let something go wrong the next time (`times=-1`: every time).

        `only` is a purchase's id or reference, or a kind of event. The kinds and their values are
        in bookmyshow/payment_sandbox/faults.py.
        """
        self.control("POST", "faults", kind=kind, operation=operation, **values)

    def calm(self) -> None:
        """Take all faults back."""
        self.control("DELETE", "faults")

    def pay(self, purchase: str, outcome: str = "pay", **values: Any) -> dict[str, Any]:
        """Do what a customer does on the page: pay, bank, decline or later (`seconds`).

        `purchase` is the provider's id (cs_…, order_…) or the reference of the order.
        """
        found: dict[str, Any] = self.control(
            "POST", f"purchases/{purchase}/pay", outcome=outcome, **values
        )
        return found

    def facts(self, purchase: str) -> dict[str, Any]:
        """The money of a purchase (authorised, captured, refunded), in minor units."""
        found: dict[str, Any] = self.control("GET", f"facts/{purchase}")
        return found

    def all_facts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("GET", "facts")
        return found

    def events(self) -> list[dict[str, Any]]:
        """All events with their deliveries, oldest first."""
        found: list[dict[str, Any]] = self.control("GET", "events")
        return found

    def let_time_pass(self, **seconds: float) -> None:
        """Do now what would happen by itself in the next `seconds` (without it: everything)."""
        self.control("POST", "time", **seconds)

    def send_events_to(self, site: str, **configuration: Any) -> None:
        """Send events to this site (``http://127.0.0.1:8000``); "" for nowhere."""
        origin = site.rstrip("/")
        codes = {"stripe_webhook": "sandbox", "razorpay_webhook": "sandbox-razorpay"}
        addresses = {
            name: f"{origin}/payments/{code}/events/" if origin else ""
            for name, code in codes.items()
        }
        self.control("POST", "configuration", **addresses, **configuration)

    def wait_until_events_arrived(self) -> None:
        """Wait until every event that is to be sent was taken by the site."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.control("GET", "ready")["unsent"]:
            assert time.monotonic() < deadline, self.events()
            time.sleep(0.05)


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One sandbox for all tests of this process."""
    running = Sandbox(tmp_path_factory.mktemp("payment_sandbox"))
    yield running
    running.stop()


@pytest.fixture
def sandbox(
    sandbox_process: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Sandbox]:
    """The payment sandbox, empty, and the provider of this test's payments (Stripe's protocol)."""
    # Here, because the packages of the providers take long to import.
    from bookings.payments.providers import razorpay_http, stripe

    for module in (razorpay_http, stripe):
        monkeypatch.setattr(module, "TIMEOUT_SECONDS", CALL_SECONDS)
    if sandbox_process.process.poll() is not None:
        sandbox_process.start()
    sandbox_process.control("POST", "reset")
    settings.PAYMENTS, settings.SANDBOX_URL = "sandbox", sandbox_process.url
    settings.SANDBOX_PROTOCOL = "stripe"
    providers._made.cache_clear()
    yield sandbox_process
    providers._made.cache_clear()


@pytest.fixture
def razorpay_sandbox(sandbox: Sandbox, settings: Settings) -> Sandbox:
    """The same sandbox, with Razorpay's protocol."""
    settings.SANDBOX_PROTOCOL = "razorpay"
    return sandbox

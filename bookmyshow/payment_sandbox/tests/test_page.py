"""The hosted page: what it says and does in each state."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe as sdk

from bookmyshow.environment import ROOT
from tests.support.sandbox import PATIENCE_SECONDS, Sandbox


@pytest.fixture
def address(stripe: sdk.StripeClient) -> str:
    """The page of an open session of ₹700."""
    price = {"currency": "inr", "unit_amount": 35_000, "product_data": {"name": "<b>Seat</b>"}}
    values: Any = {
        "mode": "payment",
        "client_reference_id": "BMO7",
        "payment_intent_data": {"capture_method": "manual"},
        "line_items": [{"price_data": price, "quantity": 2}],
        "success_url": "http://127.0.0.1:1/paid?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:1/back",
    }
    session = stripe.v1.checkout.sessions.create(values)
    return str(session.url)


def press(address: str, outcome: str, **more: object) -> requests.Response:
    return requests.post(
        address,
        data={"outcome": outcome, **more},
        allow_redirects=False,
        timeout=PATIENCE_SECONDS,
    )


def page(address: str) -> str:
    return requests.get(address, timeout=PATIENCE_SECONDS).text


def test_it_says_that_no_money_moves_and_asks_for_no_card(address: str) -> None:
    html = page(address)
    assert "<strong>Test mode:</strong> no money moves" in html
    assert "₹700.00" in html
    assert "&lt;b&gt;Seat&lt;/b&gt;" in html
    assert set(re.findall(r'name="(\w+)"', html)) - {"viewport", "robots"} == {
        "outcome",
        "seconds",
    }


def test_paying_leads_back_to_the_shop_and_the_page_says_paid(address: str) -> None:
    answer = press(address, "pay")
    session = address.rpartition("/")[2]
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"http://127.0.0.1:1/paid?session={session}"
    assert "Paid: ₹700.00" in page(address)
    # A second press of the button changes nothing.
    assert press(address, "pay").headers["Location"] == f"/pay/{session}"


def test_a_declined_customer_may_try_again_or_go_back(address: str, sandbox: Sandbox) -> None:
    answer = press(address, "decline")
    html = page(sandbox.url + answer.headers["Location"])
    assert "Declined." in html
    assert 'href="http://127.0.0.1:1/back"' in html
    assert press(address, "pay").status_code == 303
    assert sandbox.facts("BMO7")["authorised"] == 70_000


def test_a_payment_after_the_page_was_closed(address: str, sandbox: Sandbox) -> None:
    answer = press(address, "later", seconds=300)
    assert "You may close this page now" in page(sandbox.url + answer.headers["Location"])
    assert sandbox.facts("BMO7")["authorised"] == 0
    sandbox.let_time_pass(seconds=301)
    assert sandbox.facts("BMO7")["authorised"] == 70_000


def test_an_expired_page_says_so_with_a_way_back(
    address: str, stripe: sdk.StripeClient, sandbox: Sandbox
) -> None:
    stripe.v1.checkout.sessions.expire(address.rpartition("/")[2])
    html = page(address)
    assert "This checkout has expired" in html
    assert 'href="http://127.0.0.1:1/back"' in html
    press(address, "pay")
    assert sandbox.facts("BMO7")["authorised"] == 0


def test_the_pages_address_lets_something_go_wrong(address: str, sandbox: Sandbox) -> None:
    assert "wrong_amount:100" in page(f"{address}?fault=wrong_amount:100")
    press(address, "pay", fault="wrong_amount:100")
    assert sandbox.facts("BMO7")["authorised"] == 100


def test_bad_input_is_a_clear_error(address: str, sandbox: Sandbox) -> None:
    assert press(address, "dance").status_code == 400
    assert press(address, "later", seconds="soon").status_code == 400
    assert press(address, "pay", fault="explode").status_code == 400
    assert requests.get(f"{sandbox.url}/pay/none", timeout=60).status_code == 404
    form = requests.post(f"{sandbox.url}/_sandbox/reset", data={"a": 1}, timeout=60)
    assert form.status_code == 415


def test_its_migrations_are_complete(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "bookmyshow.payment_sandbox.settings",
        "PAYMENT_SANDBOX_DATA": str(tmp_path),
    }
    command = [sys.executable, "-m", "django", "makemigrations", "--check", "--dry-run"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_a_live_key_stops_the_start(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bookmyshow.payment_sandbox", "--data", str(tmp_path)]
    command += ["--port", "1", "--stripe-key", "sk_live_51Q"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "looks like a live key" in done.stderr


def test_the_document_names_every_fault_and_every_call() -> None:
    """Read as text, because the sandbox's models can't be imported beside the site's."""
    folder = ROOT / "bookmyshow/payment_sandbox"
    kinds = re.findall(r'^    "(\w+)": \("', (folder / "faults.py").read_text(), re.MULTILINE)
    control = (folder / "urls.py").read_text().partition("CONTROL = [")[2].partition("]\n")[0]
    calls = set(re.findall(r'\("(\w+)', control))
    document = (ROOT / "docs/payment-sandbox.md").read_text()
    assert len(kinds) > 10
    assert len(calls) > 8
    assert [kind for kind in kinds if f"`{kind}`" not in document] == []
    assert [call for call in calls if f"/{call}" not in document] == []

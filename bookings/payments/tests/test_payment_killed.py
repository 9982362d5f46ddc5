"""A process that is killed (kill -9) while it waits for the provider: the next look goes on."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bookings.models import Booking
from bookings.payments.models import Payment
from bookings.payments.states import PaymentState
from bookmyshow.core.time import database_now
from bookmyshow.environment import ROOT
from tests.support.deployed_site import free_port, site_environment
from tests.support.paying import mails, press, run_out, seen, status_of
from tests.support.sandbox import Sandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("conserved")]

# The sandbox answers so late, and the other process waits so long, that it is killed in between
# also on a busy machine.
SLOW_SECONDS = 100
WAIT_LONG = """
from bookings.payments.providers import stripe
stripe.TIMEOUT_SECONDS = 120
"""
OBSERVE = f"""{WAIT_LONG}
from bookings.payments.settlement.observe import observe
observe({{}})
"""
PRESS = f"""{WAIT_LONG}
from accounts.models import User
from bookings.payments.checkout.begin import begin_checkout
begin_checkout(user=User.objects.get(pk={{}}), reference="{{}}")
"""
PATIENCE_SECONDS = 300


@pytest.fixture(autouse=True)
def slow_calls_end(sandbox: Sandbox) -> Iterator[None]:
    """The slow call ends with the sandbox: nothing of it happens in the next test."""
    yield
    sandbox.kill()


def kill_in(code: str, state: str, *, folder: Path, sandbox: Sandbox) -> None:
    """Run code in another process, and kill it while its call waits in the sandbox for its answer.

    Then its claim of a payment in `state` is held: it is committed before the call.
    """
    (folder / "mail").mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "-c", code],
        cwd=ROOT,
        env=site_environment(folder, free_port()) | sandbox.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    ends = time.monotonic() + PATIENCE_SECONDS
    try:
        # The call takes the fault when it arrives.
        while sandbox.control("GET", "ready")["faults"]:
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < ends
            time.sleep(0.02)
        assert Payment.objects.filter(state=state, claimed_until__isnull=False).exists()
    finally:
        process.kill()
        process.wait()


def after_the_claim() -> None:
    Payment.objects.update(claimed_until=database_now())


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_while_the_money_is_taken(
    sandbox: Sandbox, held: Booking, tmp_path: Path, when: str
) -> None:
    checkout = press(held)
    sandbox.pay(checkout.payment.reference)
    sandbox.fault("slow", "capture", seconds=SLOW_SECONDS, when=when)
    kill_in(
        OBSERVE.format(checkout.payment.pk),
        PaymentState.CAPTURE_DUE,
        folder=tmp_path,
        sandbox=sandbox,
    )
    # Whoever paid has the seats, although the money is not ours yet.
    assert status_of(held) == Booking.Status.CONFIRMED
    after_the_claim()
    assert seen(checkout).state == PaymentState.CAPTURED
    assert mails() == ["booking-confirmed"]
    assert [paid["captured"] for paid in sandbox.facts(checkout.payment.reference)["payments"]] == [
        500_00
    ]


def test_killed_while_unwanted_money_is_given_free(
    sandbox: Sandbox, held: Booking, tmp_path: Path
) -> None:
    checkout = press(held)
    sandbox.pay(checkout.payment.reference)
    run_out(held)
    held.show.starts_at = database_now()
    held.show.save(update_fields=["starts_at"])
    sandbox.fault("slow", "cancel", seconds=SLOW_SECONDS)
    kill_in(
        OBSERVE.format(checkout.payment.pk),
        PaymentState.VOID_DUE,
        folder=tmp_path,
        sandbox=sandbox,
    )
    after_the_claim()
    assert seen(checkout).state == PaymentState.VOIDED
    assert mails() == ["money-back"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_while_the_payment_is_opened(
    sandbox: Sandbox, held: Booking, tmp_path: Path, when: str
) -> None:
    sandbox.fault("slow", "create", seconds=SLOW_SECONDS, when=when)
    kill_in(
        PRESS.format(held.user_id, held.reference),
        PaymentState.CREATED,
        folder=tmp_path,
        sandbox=sandbox,
    )
    after_the_claim()
    checkout = press(held)
    assert checkout.payment.state == PaymentState.OPEN
    assert Payment.objects.count() == 1
    sandbox.pay(checkout.payment.reference)
    assert seen(checkout).state == PaymentState.CAPTURED
    # One of the provider's pages at most was ever shown, and one was paid.
    assert sum(facts["captured"] for facts in sandbox.all_facts()) == 500_00

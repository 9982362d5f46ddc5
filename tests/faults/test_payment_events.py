"""Events of a payment provider while the database or the broker is away: none is lost."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
import stripe

from bookings.payments.providers import sandbox_keys
from tests.faults.load import LONGEST_WAIT
from tests.faults.site import Program, Stack, manage

EVENT = json.dumps(
    {
        "id": "evt_1",
        "object": "event",
        "type": "charge.refunded",
        "created": 1_790_000_000,
        "livemode": False,
        "data": {"object": {"id": "ch_1", "payment_intent": "pi_of_another_shop"}},
    }
)


@pytest.fixture
def selling(world: Stack) -> Iterator[Program]:
    """A site that sells online. Its database has no event."""
    world.query("DELETE FROM payments_providerevent")
    with world.site(PAYMENTS="sandbox", DATABASE_WAIT_SECONDS="2") as site:
        yield site
    world.query("DELETE FROM payments_providerevent")


def send(site: Program) -> int:
    """Send the event as Stripe does, and return the status of the answer."""
    signature = stripe.WebhookSignature.generate_signature_header(
        EVENT, sandbox_keys.WEBHOOK_SECRET, int(time.time())
    )
    request = urllib.request.Request(
        f"{site.url}/payments/sandbox/events/",
        EVENT.encode(),
        {"Content-Type": "application/json", "Stripe-Signature": signature},
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


def stored(world: Stack) -> list[tuple[bool]]:
    return world.query("SELECT handled_at IS NOT NULL FROM payments_providerevent")


def test_without_the_database_the_provider_is_told_to_send_it_again(
    world: Stack, selling: Program
) -> None:
    world.postgres.kill()
    try:
        assert send(selling) == 503
    finally:
        world.postgres.start()
    # Sent twice. The other worker may have to connect first, and answers 503 meanwhile.
    for _ in range(2):
        deadline = time.monotonic() + LONGEST_WAIT
        while send(selling) != 200:
            assert time.monotonic() < deadline
    assert len(stored(world)) == 1


def test_without_a_broker_the_event_waits_in_the_database(world: Stack, selling: Program) -> None:
    world.valkey.kill()
    try:
        assert send(selling) == 200
        assert stored(world) == [(False,)]
        done = manage(["reconcile_payments"], world.environment(PAYMENTS="sandbox"))
        assert "1 events handled." in done.stdout, done.stderr
        assert stored(world) == [(True,)]
    finally:
        world.valkey.start()

"""Web, worker, sandbox and database die at each step of a payment, while twenty people buy.

Afterwards nobody does anything by hand: what was taken at the provider is what is kept, given back
or owed by our books, and everybody who paid has the seats or the money.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from bookmyshow.celery import queues
from tests.faults.load import LONGEST_WAIT
from tests.faults.shoppers import BEHAVIOURS, Shoppers, shopping
from tests.faults.site import Program, Stack, stack, start
from tests.support.sandbox import Sandbox

BUYERS, SHOWS = 20, 4
APPLICATION = "tests.faults.killing"
STEPS = [
    f"{operation}-{when}"
    for operation in ("create", "fetch", "capture", "cancel", "refund")
    for when in ("before", "after")
]
# A day passes for everything that waits. Only the times change.
A_DAY_PASSES = """
    UPDATE payments_order SET pay_until = pay_until - interval '1 day' WHERE state = 'OPEN';
    UPDATE payments_payment SET next_check_at = next_check_at - interval '1 day',
           claimed_until = claimed_until - interval '1 day' WHERE next_check_at IS NOT NULL;
    UPDATE payments_refund SET next_try_at = next_try_at - interval '1 day',
           claimed_until = claimed_until - interval '1 day' WHERE state IN ('DUE', 'SENT');
    UPDATE bookings_booking SET created_at = created_at - interval '1 day',
           expires_at = expires_at - interval '1 day' WHERE status = 'PENDING';
"""
UNFINISHED = """
    SELECT 'order ' || reference || ' is ' || state FROM payments_order WHERE state = 'OPEN'
    UNION ALL SELECT 'payment ' || id || ' is ' || state FROM payments_payment
              WHERE state IN ('CREATED', 'OPEN', 'AUTHORISED', 'CAPTURE_DUE', 'CANCEL_DUE',
                              'VOID_DUE')
    UNION ALL SELECT 'refund ' || id || ' is ' || state FROM payments_refund
              WHERE state IN ('DUE', 'SENT')
"""
BOOKS = """
    SELECT p.reference, p.captured, o.total,
           coalesce(sum(r.amount) FILTER (WHERE r.state = 'SUCCEEDED'), 0)::bigint,
           o.state = 'PAID' AND NOT p.surplus AND b.status = 'CONFIRMED'
    FROM payments_payment p
    JOIN payments_order o ON o.id = p.order_id
    JOIN bookings_booking b ON b.id = o.booking_id
    LEFT JOIN payments_refund r ON r.payment_id = p.id
    WHERE p.reference <> ''
    GROUP BY p.id, p.show_id, o.id, o.show_id, b.id, b.show_id
"""

# Beat starts what is due more often than this.
QUIET_SECONDS = 20
# Keys of the payment sandbox.
SECRETS = ("sk_test_sandbox", "whsec_sandbox", "razorpay-sandbox-secret")
KEPT = {
    "events": "SELECT e::text FROM payments_providerevent e",
    "errors": "SELECT last_error, review FROM payments_payment",
    "failures": "SELECT failure_code, reason FROM payments_refund",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("payment-faults")
    if os.geteuid() == 0:
        # PostgreSQL then runs as another user, who must be able to enter this folder.
        folder.chmod(0o755)
    with stack(folder, shows=SHOWS, buyers=BUYERS) as made:
        yield made


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Sandbox]:
    running = Sandbox(tmp_path)
    yield running
    running.stop()


@contextmanager
def celery(world: Stack, *arguments: str, **changes: str) -> Iterator[Program]:
    """A Celery process of the site, for all queues."""
    log = world.folder / f"{arguments[0]}.log"
    command = [sys.executable, "-m", "celery", "-A", APPLICATION, *arguments, "--loglevel=info"]
    program = start(command, world.environment(**changes), log)
    try:
        yield program
    finally:
        program.stop()


class Site:
    """Web, worker, beat, sandbox and database, each of which can be killed and started again."""

    def __init__(self, world: Stack, provider: Sandbox, folder: Path, running: ExitStack) -> None:
        self.world, self.provider, self.folder, self.running = world, provider, folder, running
        self.changes = {
            **provider.environment,
            "KILL_FOLDER": str(folder),
            "PAY_AT_CINEMA": "on",
            "CANCELLATION_POLICY": "120:100,20:50",
        }
        self.web = running.enter_context(world.site(APPLICATION=APPLICATION, **self.changes))
        provider.send_events_to(self.web.url)
        self.worker = self.start_worker()
        beat = ("beat", "--schedule", str(folder / "beat"))
        running.enter_context(celery(world, *beat, **self.changes))

    def start_worker(self) -> Program:
        lean = ("--concurrency=2", "--without-gossip", "--without-mingle")
        worker = ("worker", *lean, f"--queues={','.join(queues())}")
        return self.running.enter_context(celery(self.world, *worker, **self.changes))

    def kill_at(self, step: str, shoppers: Shoppers) -> None:
        """Let a process die at this step, and wait until one has."""
        before = sum(shoppers.did.values())
        (self.folder / step).touch()
        wait_until(lambda: not (self.folder / step).exists(), f"no process came to {step}")
        wait_until(lambda: sum(shoppers.did.values()) > before + 2, f"nobody buys after {step}")

    def kill_worker(self) -> None:
        self.worker.kill()
        self.worker = self.start_worker()

    def kill_sandbox(self) -> None:
        self.provider.kill()
        time.sleep(1)
        self.provider.start()

    def kill_postgres(self) -> None:
        self.world.postgres.kill()
        self.world.postgres.start()

    def kill_web_workers(self) -> None:
        for worker in self.web.children():
            # It may have ended already.
            with suppress(psutil.NoSuchProcess):
                worker.kill()

    def finish(self) -> None:
        """Wait until the site itself has finished all that is due, within a few simulated days."""
        for _ in range(12):
            self.world.query(A_DAY_PASSES)
            before: set[tuple[object, ...]] = set()
            changed_at = time.monotonic()
            # The next day comes when nothing more happens on this one.
            while time.monotonic() < changed_at + QUIET_SECONDS:
                unfinished = set(self.world.query(UNFINISHED))
                if not unfinished:
                    return
                if unfinished != before:
                    before, changed_at = unfinished, time.monotonic()
                time.sleep(0.5)
        log = self.worker.log.read_text()[-6000:]
        raise AssertionError(f"not finished: {self.world.query(UNFINISHED)}\n{log}")


def wait_until(true: object, otherwise: str) -> None:
    assert callable(true)
    deadline = time.monotonic() + LONGEST_WAIT
    while not true():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)


def test_no_money_and_no_seat_is_lost_whatever_dies_at_whatever_step(
    world: Stack, provider: Sandbox, tmp_path: Path
) -> None:
    with ExitStack() as running:
        site = Site(world, provider, tmp_path, running)
        with shopping(provider, site.web.url, world.buyers, world.shows) as shoppers:
            wait_until(lambda: set(shoppers.did) == set(BEHAVIOURS), "somebody can't buy")
            for step in STEPS:
                site.kill_at(step, shoppers)
            for kill in (
                site.kill_worker,
                site.kill_sandbox,
                site.kill_postgres,
                site.kill_web_workers,
            ):
                bought = sum(shoppers.did.values())
                kill()
                wait_until(
                    lambda least=bought + BUYERS: sum(shoppers.did.values()) > least,
                    f"nobody buys after {kill.__name__}",
                )
        print(dict(shoppers.did))
        site.finish()
    assert_conserved(world, provider)
    assert world.broken() == []
    assert_nothing_secret_is_kept(world)


def assert_nothing_secret_is_kept(world: Stack) -> None:
    """Neither logs nor stored events and errors have a key, an email address or a name."""
    logs = {log.name: log.read_text() for log in world.folder.glob("*.log")}
    assert "payments:" in logs["worker.log"], "the worker logs what it does"
    kept = {table: str(world.query(query)) for table, query in KEPT.items()}
    for place, text in (logs | kept).items():
        for secret in (*SECRETS, "@example.com", "Asha Rao"):
            assert secret not in text, f"{place} has {secret}"


def assert_conserved(world: Stack, provider: Sandbox) -> None:
    """Our books are the provider's, and who paid has the seats or the money."""
    books = {row[0]: row[1:] for row in world.query(BOOKS)}
    facts = provider.all_facts()
    assert sum(fact["captured"] for fact in facts) > 0, "nobody paid, so nothing was tested"
    assert sum(fact["refunded"] for fact in facts) > 0, "nothing was refunded"
    for fact in facts:
        assert fact["authorised"] == 0, ("money stays reserved", fact)
        if fact["id"] not in books:
            # Its answer was lost, and the order ended before the call was repeated.
            assert fact["captured"] == 0, ("paid, and we don't know it", fact)
            continue
        captured, total, refunded, has_seats = books[fact["id"]]
        assert (fact["captured"], fact["refunded"]) == (captured, refunded), fact
        assert captured - refunded == (total if has_seats else 0), ("kept without seats", fact)

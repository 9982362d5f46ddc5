"""A cancelled, sold-out show: one transaction, then a queue that is killed midway."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection, connections

from bookings.integrity.checks import find_breaches
from bookings.payments.models import Order, Refund
from bookings.payments.states import OrderState, RefundState
from bookings.show_changes.progress import refund_progress
from bookings.show_changes.services import cancel_show
from bookmyshow.environment import ROOT
from shows.models import Show
from tests.support.deployed_site import free_port, site_environment
from tests.support.factories import hall, make_booking, make_show, make_user
from tests.support.money import make_order
from tests.support.paid import pay_online
from tests.support.sandbox import Sandbox

# On a busy machine it takes minutes to pay all orders at the sandbox.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(3600)]

# A multiple of 25. A worker sends one after the other, so the kills come long before the end.
TICKETS = int(os.environ.get("MASS_REFUND_TICKETS", "200"))
KILLS = 4
PATIENCE_SECONDS = 1200


def sold_out_show(sandbox: Sandbox) -> Show:
    """A show whose seats are all sold and paid online, each in an order with a fee."""
    show = make_show(hall(25, TICKETS // 25))
    people = [make_user() for _ in range(20)]
    orders = [
        make_order(
            make_booking(show, [label], user=people[number % len(people)]),
            fee=20_00,
            policy="120:0",
        )
        for number, label in enumerate(show.seats.values_list("label", flat=True))
    ]

    def pay(order: Order) -> None:
        try:
            pay_online(sandbox, order)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=6) as pool:
        list(pool.map(pay, orders))
    return show


def start_worker(folder: Path, sandbox: Sandbox) -> "subprocess.Popen[bytes]":
    environment = site_environment(folder, free_port()) | sandbox.environment
    return subprocess.Popen(
        [sys.executable, "manage.py", "send_refunds"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def done() -> int:
    return Refund.objects.exclude(state=RefundState.DUE).count()


def wait_until(count: int, worker: "subprocess.Popen[bytes]") -> None:
    """Wait until this many refunds are sent, or the worker has ended its run."""
    gives_up = time.monotonic() + PATIENCE_SECONDS
    while done() < count and worker.poll() is None:
        assert time.monotonic() < gives_up, f"{done()} of {count} refunds are sent"
        time.sleep(0.02)


def end_claims() -> None:
    """Let the claims of killed workers run out, and the pauses after a lost answer pass."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE payments_refund SET claimed_until = NULL, next_try_at = created_at"
            " WHERE state = 'DUE'"
        )


def test_a_mass_refund_that_is_killed_half_way_gives_each_money_back_once(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    show = sold_out_show(sandbox)
    cancel_show(by=make_user(is_staff=True), show_id=show.pk)
    progress = refund_progress(show.pk)
    assert (progress.due.count, progress.due.amount) == (TICKETS, TICKETS * 270_00)
    assert list(find_breaches()) == []

    for kill in range(1, KILLS + 1):
        # At some of the kills the provider has made a refund whose answer never arrived.
        sandbox.fault("drop", "refund")
        worker = start_worker(tmp_path, sandbox)
        wait_until(kill * TICKETS // (2 * KILLS), worker)
        worker.kill()
        worker.wait()
        end_claims()
    assert 0 < done() < TICKETS

    gives_up = time.monotonic() + PATIENCE_SECONDS
    while done() < TICKETS:
        assert time.monotonic() < gives_up, f"{done()} of {TICKETS} refunds are sent"
        start_worker(tmp_path, sandbox).wait(PATIENCE_SECONDS)
        end_claims()

    progress = refund_progress(show.pk)
    assert (progress.succeeded.count, progress.all.count) == (TICKETS, TICKETS)
    facts = sandbox.all_facts()
    assert len(facts) == TICKETS
    assert {(fact["captured"], fact["refunded"]) for fact in facts} == {(270_00, 270_00)}
    assert set(Order.objects.values_list("state", flat=True)) == {OrderState.CANCELLED}
    assert list(find_breaches()) == []

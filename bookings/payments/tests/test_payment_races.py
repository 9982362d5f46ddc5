"""Payments under races: many looks at once, and everything that can happen to a hold meanwhile."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models import Q
from pytest_django import Settings

from bookings import services
from bookings.errors import BookingError, BookingNotPending
from bookings.holds_sql import HoldRequest, take_free_seats
from bookings.locks import lock_show
from bookings.messages.kinds import Kind
from bookings.models import Booking
from bookings.payments.locks import lock_orders, lock_payments, lock_refunds
from bookings.payments.models import Order, Payment, Refund
from bookings.payments.orders.closing import close_finished_orders
from bookings.payments.providers import stripe
from bookings.payments.settlement import decision
from bookings.payments.settlement.observe import observe
from bookings.payments.states import OrderState, PaymentState
from bookings.show_changes.services import cancel_show
from bookmyshow.core.observability.metrics import PROVIDER_ANSWERS
from bookmyshow.core.time import database_now
from shows.models import Show
from tests.support.clocks import earlier
from tests.support.factories import make_show, make_user
from tests.support.money import make_order, make_payment, make_refund
from tests.support.paying import assert_conserved, mails, order_of, press, run_out, seen
from tests.support.races import at_once, elsewhere, meeting
from tests.support.sandbox import PATIENCE_SECONDS, Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
conserves = pytest.mark.usefixtures("conserved")

ROUNDS = 12


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """No call to the provider and no claim ends early because the machine is busy."""
    monkeypatch.setattr(stripe, "TIMEOUT_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr(decision, "CLAIM", timedelta(seconds=10 * PATIENCE_SECONDS))


def captures() -> Counter[str]:
    """How many captures this process has called for, by what came: ok, refused, unknown, error."""
    (found,) = PROVIDER_ANSWERS.collect()
    of_capture = {"provider": "sandbox", "call": "capture"}
    return Counter(
        {
            sample.labels["outcome"]: int(sample.value)
            for sample in found.samples
            if sample.name.endswith("_total") and of_capture.items() <= sample.labels.items()
        }
    )


@conserves
@pytest.mark.usefixtures("patience")
def test_two_hundred_looks_at_once_take_the_money_once(sandbox: Sandbox, held: Booking) -> None:
    checkout = press(held)
    sandbox.pay(checkout.payment.reference)
    before = captures()
    found = at_once(lambda _: seen(checkout), 200)
    assert not [error for error in found if isinstance(error, Exception)]
    assert seen(checkout).state == PaymentState.CAPTURED
    assert captures() - before == Counter(ok=1)
    assert mails() == ["booking-confirmed"]
    assert list(Order.objects.values_list("state", flat=True)) == [OrderState.PAID]
    facts = sandbox.facts(checkout.payment.reference)
    assert [paid["captured"] for paid in facts["payments"]] == [500_00]


@conserves
@pytest.mark.usefixtures("patience")
@pytest.mark.parametrize("trouble", ["unreachable", "drop"])
def test_a_capture_that_gets_no_answer_is_called_for_once_more(
    sandbox: Sandbox, held: Booking, trouble: str
) -> None:
    """Its claim ends with it, and one of the other looks has the next claim.

    So two calls are no sign of two claims at once. If the first call did take the money ("drop"),
    the provider refuses the second one, or there is none.
    """
    checkout = press(held)
    sandbox.pay(checkout.payment.reference)
    sandbox.fault(trouble, "capture")
    before = captures()
    at_once(lambda _: seen(checkout), 20)
    assert seen(checkout).state == PaymentState.CAPTURED
    calls = captures() - before
    assert calls == Counter(unknown=1, ok=1) or (trouble == "drop" and calls == Counter(unknown=1))
    facts = sandbox.facts(checkout.payment.reference)
    assert [paid["captured"] for paid in facts["payments"]] == [500_00]


@conserves
def test_two_payments_of_one_order_at_once_keep_one(sandbox: Sandbox, held: Booking) -> None:
    first = press(held)
    Payment.objects.update(created_at=earlier("created_at", timedelta(minutes=51)))
    second = press(held)
    for checkout in (first, second):
        sandbox.pay(checkout.payment.reference)
    at_once(lambda n: seen((first, second)[n % 2]), 8)
    states = sorted([seen(first).state, seen(second).state])
    assert states == [PaymentState.CAPTURED, PaymentState.VOIDED]
    assert Payment.objects.kept().count() == 1


@conserves
@pytest.mark.parametrize("is_cancelled", [False, True])
def test_a_look_that_asked_before_the_buyer_paid_decides_nothing(
    sandbox: Sandbox, held: Booking, is_cancelled: bool
) -> None:
    """Its answer is "not paid". When it gets its locks, another look has seen the money.

    It goes on with what is due then.
    """
    checkout = press(held)
    asked, go = threading.Event(), threading.Event()

    def stop(execute: Callable[..., object], sql: str, *rest: object) -> object:
        if "FOR NO KEY UPDATE" in sql:
            asked.set()
            assert go.wait(300)
        return execute(sql, *rest)

    def look_slowly() -> Payment:
        with connection.execute_wrapper(stop):
            return seen(checkout)

    slow = elsewhere(look_slowly)
    assert asked.wait(300)
    sandbox.pay(checkout.payment.reference)
    sandbox.fault("unreachable", "capture")
    assert seen(checkout).state == PaymentState.CAPTURE_DUE
    if is_cancelled:
        services.cancel_booking(user=held.user, reference=held.reference)
    go.set()
    payment = slow.result()
    assert isinstance(payment, Payment), payment
    assert payment.state == (PaymentState.VOIDED if is_cancelled else PaymentState.CAPTURED)
    assert sandbox.facts(checkout.payment.reference)["authorised"] == 0
    assert mails() == ["booking-confirmed", *["booking-cancelled"] * is_cancelled]


@conserves
def test_a_release_that_is_not_committed_yet_is_waited_for(sandbox: Sandbox, held: Booking) -> None:
    checkout = press(held)
    sandbox.pay(checkout.payment.reference)
    payment = meeting(
        lambda: services.release_hold(user=held.user, reference=held.reference),
        lambda: seen(checkout),
    )
    assert isinstance(payment, Payment)
    assert payment.state == PaymentState.VOIDED
    assert order_of(checkout).state == OrderState.ABANDONED


@conserves
def test_a_hold_that_lapses_while_its_lock_is_waited_for_is_late(
    sandbox: Sandbox, held: Booking
) -> None:
    """The clock is read after the lock. A late buyer gets the seats as a new booking."""
    checkout = press(held)
    sandbox.pay(checkout.payment.reference)
    rows = Booking.objects.filter(pk=held.pk, show=held.show_id)

    def lock_the_hold() -> Callable[[], None]:
        ends = database_now() + timedelta(seconds=2)
        # Committed on a connection of its own, before the lock is taken here.
        at_once(lambda _: rows.update(expires_at=ends), 1)
        rows.select_for_update(no_key=True).get()
        return partial(wait_until, ends)

    payment = meeting(lock_the_hold, lambda: seen(checkout))
    assert isinstance(payment, Payment)
    assert payment.state == PaymentState.CAPTURED
    assert order_of(checkout).booking_id != held.pk


def wait_until(moment: datetime) -> None:
    while database_now() <= moment:
        time.sleep(0.01)


@conserves
def test_a_late_buyer_waits_for_the_one_who_takes_the_seats(
    sandbox: Sandbox, held: Booking
) -> None:
    """The other buyer's hold has the show's lock, and is not committed yet."""
    checkout = press(held)
    sandbox.pay(checkout.payment.reference)
    run_out(held)
    services.sweep_lapsed_holds()
    other = make_user()
    payment = meeting(
        lambda: take_in_this_transaction(held.show, other.pk),
        lambda: seen(checkout),
    )
    assert isinstance(payment, Payment)
    assert payment.state == PaymentState.VOIDED


def take_in_this_transaction(show: Show, user_id: int) -> None:
    """Hold seat A2 as the slow path of a hold does; `hold_seats` would commit by itself."""
    lock_show(show.pk)
    request = HoldRequest(
        user_id=user_id,
        show_id=show.pk,
        labels=["A2"],
        key=None,
        hash="",
        limits=None,
        held_from="",
    )
    assert take_free_seats(request, now=database_now(), expires_at=None)


@pytest.mark.parametrize("lock", [lock_orders, lock_payments, lock_refunds])
def test_the_rows_of_money_are_locked(held: Booking, lock: Callable[[int, Q], list[Any]]) -> None:
    make_refund(make_payment(make_order(held), PaymentState.CAPTURED), 1)

    def take(rows: list[Any]) -> object:
        with transaction.atomic():
            locking = type(rows[0]).objects.select_for_update(nowait=True)
            return locking.get(pk=rows[0].pk, show=held.show_id)

    with transaction.atomic():
        rows = lock(held.show_id, Q())
        (outcome,) = at_once(lambda _: take(rows), 1)
    assert isinstance(outcome, OperationalError)
    assert "could not obtain lock" in str(outcome)


def test_pay_waits_for_a_release_and_then_opens_nothing(sandbox: Sandbox, held: Booking) -> None:
    outcome = meeting(
        lambda: services.release_hold(user=held.user, reference=held.reference),
        lambda: press(held),
    )
    assert isinstance(outcome, BookingNotPending)
    assert not Payment.objects.exists()
    assert sandbox.all_facts() == []


@conserves
def test_a_release_waits_for_pay_and_then_ends_its_payment(sandbox: Sandbox, held: Booking) -> None:
    checkout = press(held)
    meeting(
        lambda: Payment.objects.select_for_update().get(show=held.show_id),
        lambda: services.release_hold(user=held.user, reference=held.reference),
    )
    assert seen(checkout).state == PaymentState.CANCELLED


@conserves
def test_a_cancellation_and_a_look_at_once_never_keep_money_for_nothing(
    sandbox: Sandbox, held: Booking
) -> None:
    checkout = press(held)
    sandbox.pay(checkout.payment.reference)
    services.confirm_booking(user=held.user, reference=held.reference)

    def act(number: int) -> object:
        if number == 0:
            return services.cancel_booking(user=held.user, reference=held.reference)
        return seen(checkout)

    at_once(act, 4)
    payment = seen(checkout)
    assert payment.state in {PaymentState.VOIDED, PaymentState.CAPTURED}
    back = sum(Refund.objects.values_list("amount", flat=True))
    assert back == payment.captured
    assert order_of(checkout).state == OrderState.CANCELLED


class Crowd:
    """Everything that can happen to a hold while its money arrives."""

    def __init__(self, sandbox: Sandbox, chance: random.Random) -> None:
        self.sandbox = sandbox
        self.show = make_show()
        self.held = services.hold_seats(user=make_user(), show_id=self.show.pk, labels=["A1", "A2"])
        self.checkout = press(self.held)
        self.other = make_user()
        self.staff = make_user(is_superuser=True)
        self.acts: list[Callable[[], object]] = [
            self.pay,
            self.look,
            self.look,
            *chance.sample(
                [
                    self.release,
                    self.swap,
                    self.confirm,
                    self.cancel_the_show,
                    self.run_out,
                    self.sweep,
                    self.take,
                    self.close,
                    self.press,
                    self.look,
                ],
                4,
            ),
        ]

    def pay(self) -> object:
        return self.sandbox.pay(self.checkout.payment.reference)

    def look(self) -> object:
        return seen(self.checkout)

    def release(self) -> object:
        return services.give_back_booking(user=self.held.user, reference=self.held.reference)

    def swap(self) -> object:
        return services.hold_seats(user=self.held.user, show_id=self.show.pk, labels=["B1"])

    def confirm(self) -> object:
        return services.confirm_booking(user=self.held.user, reference=self.held.reference)

    def cancel_the_show(self) -> object:
        return cancel_show(by=self.staff, show_id=self.show.pk)

    def run_out(self) -> object:
        ends = Booking.objects.filter(pk=self.held.pk, status="PENDING")
        past = timedelta(minutes=11)
        return ends.update(
            created_at=earlier("created_at", past), expires_at=earlier("expires_at", past)
        )

    def sweep(self) -> object:
        return services.sweep_lapsed_holds()

    def take(self) -> object:
        return services.hold_seats(user=self.other, show_id=self.show.pk, labels=["A2", "A3"])

    def close(self) -> object:
        return [observe(payment) for payment in close_finished_orders()]

    def press(self) -> object:
        return press(self.held)

    def settle(self) -> None:
        """Until nothing is due any more, as the reconciler does."""
        for _ in range(5):
            for payment in Payment.objects.all():
                observe(payment.pk)
            close_finished_orders()


@pytest.mark.parametrize("number", range(ROUNDS))
def test_whatever_happens_at_once_no_money_and_no_seat_is_lost(
    sandbox: Sandbox, settings: Settings, number: int
) -> None:
    chance = random.Random(number)
    crowd = Crowd(sandbox, chance)
    acts = chance.sample(crowd.acts, len(crowd.acts))
    outcomes = at_once(lambda n: acts[n](), len(acts))
    for outcome in outcomes:
        # The sandbox refuses to pay what is ended or paid (ValueError).
        assert not isinstance(outcome, Exception) or isinstance(
            outcome, BookingError | ValueError
        ), repr(outcome)
    crowd.settle()
    assert_conserved(sandbox)
    payment = Payment.objects.get(pk=crowd.checkout.payment.pk)
    assert payment.state in {
        PaymentState.CAPTURED,
        PaymentState.VOIDED,
        PaymentState.CANCELLED,
        PaymentState.OPEN,
    }
    if payment.captured:
        assert Kind.PAYMENT_REFUSED not in mails()
    if payment.surplus:
        told = {Kind.MONEY_BACK, Kind.BOOKING_CANCELLED, Kind.SHOW_CANCELLED}
        assert told.intersection(mails())

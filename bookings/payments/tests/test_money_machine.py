"""Random stories of buyers, tabs, the clock, sweeps and the provider. After every step no money is
lost: what was captured is kept, refunded, or owed back.

The provider is the real sandbox. STATE_MACHINE_EXAMPLES sets how many stories are told.
"""

import os
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import hypothesis.strategies as st
import pytest
from django.db.models import F
from hypothesis import HealthCheck, Phase, seed
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pytest_django import Settings

from accounts.models import User
from bookings import services
from bookings.errors import BookingError
from bookings.models import Booking
from bookings.payments.checkout import begin_checkout
from bookings.payments.closing import close_finished_orders
from bookings.payments.models import Order, Payment
from bookings.payments.observe import observe
from bookings.payments.refund_queue import send_due
from bookings.payments.states import OrderState, PaymentState, RefundState
from bookings.show_changes.services import cancel_show
from shows.models import Show
from tests.support.factories import make_show, make_user
from tests.support.paying import assert_conserved
from tests.support.sandbox import Sandbox

STORIES = int(os.environ.get("STATE_MACHINE_EXAMPLES", "30")) // 5
STEPS = 25
CHOICES = [("A1",), ("A1", "A2"), ("A2", "A3"), ("A3",)]
# Of two buyers, which have two tabs each: a checkout stays open in a tab whatever happens.
buyers = st.sampled_from([0, 0, 1])
payments = st.integers(min_value=0, max_value=3)
faults = st.sampled_from(
    [
        None,
        None,
        {"kind": "drop", "operation": "capture"},
        {"kind": "unreachable", "operation": "capture"},
        {"kind": "refuse", "operation": "capture"},
        {"kind": "drop", "operation": "cancel"},
        {"kind": "unreachable", "operation": "fetch"},
        {"kind": "error", "operation": "create"},
        {"kind": "wrong_amount", "amount": 100_00},
    ]
)


class Money(RuleBasedStateMachine):
    """Two buyers at one show of few seats."""

    sandbox: Sandbox

    def __init__(self) -> None:
        super().__init__()
        self.sandbox.control("POST", "reset")
        self.show: Show = make_show("A sss")
        self.users: list[User] = [make_user(), make_user()]
        self.staff = make_user(is_superuser=True)
        self.is_cancelled = False

    def hold_of(self, buyer: int) -> Booking | None:
        mine = Booking.objects.filter(user=self.users[buyer], show=self.show)
        return mine.order_by("-pk").first()

    def payment(self, back: int) -> Payment | None:
        """The newest payment, or one before it."""
        found = Payment.objects.filter(order__show=self.show).order_by("-pk")
        return found[min(back, found.count() - 1)] if found.exists() else None

    @rule(buyer=buyers, labels=st.sampled_from(CHOICES))
    def hold(self, buyer: int, labels: tuple[str, ...]) -> None:
        attempt(
            lambda: services.hold_seats(user=self.users[buyer], show_id=self.show.pk, labels=labels)
        )

    @rule(buyer=buyers, fault=faults)
    def press(self, buyer: int, fault: dict[str, object] | None) -> None:
        if booking := self.hold_of(buyer):
            self.break_next(fault)
            attempt(lambda: begin_checkout(user=self.users[buyer], reference=booking.reference))
            self.sandbox.calm()

    @rule(back=payments, outcome=st.sampled_from(["pay", "pay", "bank", "decline"]), fault=faults)
    def pay(self, back: int, outcome: str, fault: dict[str, object] | None) -> None:
        payment = self.payment(back)
        if payment is None or not payment.reference:
            return
        self.break_next(fault if outcome == "pay" else None)
        with suppress(ValueError):  # It is paid or ended.
            self.sandbox.pay(payment.reference, outcome)
        self.sandbox.calm()

    @rule(back=payments, fault=faults)
    def look(self, back: int, fault: dict[str, object] | None) -> None:
        """The buyer's return, an event, or the reconciler, at any time."""
        if payment := self.payment(back):
            self.break_next(fault)
            observe(payment.pk)
            self.sandbox.calm()

    @rule(buyer=buyers)
    def confirm_at_the_cinema(self, buyer: int) -> None:
        if booking := self.hold_of(buyer):
            attempt(
                lambda: services.confirm_booking(
                    user=self.users[buyer], reference=booking.reference
                )
            )

    @rule(buyer=buyers)
    def give_back(self, buyer: int) -> None:
        if booking := self.hold_of(buyer):
            attempt(
                lambda: services.give_back_booking(
                    user=self.users[buyer], reference=booking.reference
                )
            )

    @rule(minutes=st.sampled_from([1, 3, 8]))
    def time_passes(self, minutes: int) -> None:
        past = timedelta(minutes=minutes)
        Booking.objects.filter(show=self.show, status=Booking.Status.PENDING).update(
            created_at=F("created_at") - past, expires_at=F("expires_at") - past
        )
        Order.objects.filter(show=self.show, pay_until__lt=F("starts_at")).update(
            pay_until=F("pay_until") - past
        )

    @rule()
    def sweep(self) -> None:
        services.sweep_lapsed_holds()

    @rule()
    def reconcile(self) -> None:
        for payment in close_finished_orders():
            observe(payment)

    @rule()
    def send_refunds(self) -> None:
        send_due()

    @precondition(lambda self: not self.is_cancelled)
    @rule(really=st.sampled_from([False, False, False, True]))
    def cancel_the_show(self, really: bool) -> None:
        if really:
            cancel_show(by=self.staff, show_id=self.show.pk)
            self.is_cancelled = True

    def break_next(self, fault: dict[str, object] | None) -> None:
        if fault:
            self.sandbox.fault(**fault)  # type: ignore[arg-type]

    @invariant()
    def no_money_is_lost(self) -> None:
        """Captured = kept + refunded + owed, after each step, in our books alone."""
        for payment in Payment.objects.filter(order__show=self.show):
            refunds = payment.refunds.exclude(state=RefundState.FAILED)
            back = sum(refunds.values_list("amount", flat=True))
            kept = payment.captured - back
            assert kept >= 0
            if payment.surplus or payment.order.state == OrderState.CANCELLED:
                assert kept == 0
            elif payment.state == PaymentState.CAPTURED:
                assert payment.order.state == OrderState.PAID
        for order in Order.objects.filter(show=self.show, state=OrderState.PAID):
            assert order.booking.status == Booking.Status.CONFIRMED
            assert order.payments.kept().count() == 1

    def teardown(self) -> None:
        """Everybody looks until nothing is due: then the provider's books are ours."""
        self.sandbox.calm()
        for _ in range(3):
            Payment.objects.update(claimed_until=None)
            close_finished_orders()
            for payment in Payment.objects.filter(order__show=self.show):
                observe(payment.pk)
        send_due()
        assert_conserved(self.sandbox)
        due = [PaymentState.CAPTURE_DUE, PaymentState.VOID_DUE, PaymentState.CANCEL_DUE]
        assert not Payment.objects.filter(state__in=due).exists()
        for facts in self.sandbox.all_facts():
            payment = Payment.objects.filter(reference=facts["id"]).first()
            if payment is not None:
                back = payment.refunds.exclude(state=RefundState.FAILED)
                assert facts["refunded"] == sum(back.values_list("amount", flat=True))


def attempt(call: Callable[[], object]) -> None:
    """A refusal is an answer, too."""
    with suppress(BookingError):
        call()


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(3600)
def test_in_any_story_no_money_is_lost(
    sandbox: Sandbox, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """STATE_MACHINE_SEED repeats a run that failed."""
    settings.CANCELLATION_POLICY = ""
    number = int(os.environ.get("STATE_MACHINE_SEED") or random.SystemRandom().randrange(10**9))
    with capsys.disabled():
        print(f" STATE_MACHINE_SEED={number} ", end="", flush=True)
    Money.sandbox = sandbox
    run_state_machine_as_test(
        seed(number)(Money),
        settings=hypothesis_settings(
            max_examples=STORIES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            phases=[Phase.generate],
        ),
    )

"""Nothing stays open: no event comes, the provider is down, workers are killed, time runs out."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db.models import Q

from bookings import services
from bookings.models import Booking
from bookings.payments.checkout.begin import begin_checkout
from bookings.payments.models import Dispute, Order, Payment, ProviderEvent, Refund
from bookings.payments.orders import closing
from bookings.payments.reconciling import provider_events, undecided_payments
from bookings.payments.reconciling.reconciler import reconcile
from bookings.payments.reconciling.undecided_payments import claim_next, look_at
from bookings.payments.refunds import queue as refund_queue
from bookings.payments.settlement.next_look import PAUSES
from bookings.payments.settlement.observe import observe
from bookings.payments.states import OrderState, PaymentState, RefundState
from bookmyshow.core.time import database_now
from tests.support.clocks import earlier
from tests.support.factories import make_show, make_user
from tests.support.money import make_refund
from tests.support.provider_events import post_stripe, stripe_event
from tests.support.races import at_once
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def being_paid(label: str = "A1") -> Payment:
    user = make_user()
    held = services.hold_seats(user=user, show_id=make_show().pk, labels=[label])
    begin_checkout(user=user, reference=held.reference)
    return Payment.objects.get(order__booking=held)


def paid(sandbox: Sandbox) -> Payment:
    """A payment that was taken."""
    payment = being_paid()
    sandbox.pay(payment.reference)
    due(payment)
    reconcile()
    payment.refresh_from_db()
    assert payment.state == PaymentState.CAPTURED
    return payment


def due(payment: Payment) -> None:
    """Its next look is now."""
    Payment.objects.filter(pk=payment.pk).update(next_check_at=database_now())


def test_a_closed_browser_and_no_event_still_confirm_the_booking(sandbox: Sandbox) -> None:
    payment = being_paid()
    assert payment.next_check_at is not None
    assert payment.next_check_at <= database_now() + timedelta(seconds=30)
    sandbox.pay(payment.reference)
    assert reconcile().payments == 0  # It is not due yet.
    due(payment)
    assert reconcile().payments == 1
    payment.refresh_from_db()
    assert payment.state == PaymentState.CAPTURED
    assert payment.order.booking.status == Booking.Status.CONFIRMED
    assert sandbox.facts(payment.reference)["captured"] == payment.amount
    assert reconcile().payments == 0  # Nothing is left to do.


def test_the_pauses_grow_and_after_a_week_a_person_must_look(sandbox: Sandbox) -> None:
    """Nothing can be found out: the provider answers every call with an error."""
    payment = being_paid()
    Order.objects.update(pay_until=database_now() + timedelta(days=30))
    Booking.objects.update(expires_at=database_now() + timedelta(days=30))
    Payment.objects.update(updated_at=database_now() - undecided_payments.OUTAGE)
    sandbox.fault("error", "fetch", times=-1)
    for look in range(len(PAUSES)):
        due(payment)
        before = database_now()
        assert reconcile().unknown == 1, look
        after = database_now()
        payment.refresh_from_db()
        if look + 1 < len(PAUSES):
            pause = PAUSES[look + 1]
            assert payment.next_check_at is not None
            assert before + pause <= payment.next_check_at <= after + pause
    assert payment.next_check_at is None
    assert payment.state == PaymentState.REVIEW
    assert "provider" in payment.review
    assert reconcile().payments == 0


def test_after_an_outage_of_hours_a_payment_is_looked_at_within_minutes(sandbox: Sandbox) -> None:
    payment = being_paid()
    sandbox.pay(payment.reference)
    sandbox.fault("unreachable", "*", times=-1)
    for look in range(len(PAUSES) + 1):
        due(payment)
        assert reconcile().unknown == 1, look
        payment.refresh_from_db()
        assert payment.next_check_at is not None
        assert payment.next_check_at <= database_now() + undecided_payments.LONGEST_IN_OUTAGE
    sandbox.calm()
    due(payment)
    reconcile()
    payment.refresh_from_db()
    assert payment.state == PaymentState.CAPTURED


def test_a_run_stops_when_the_provider_does_not_answer(sandbox: Sandbox) -> None:
    for payment in [being_paid() for _ in range(5)]:
        due(payment)
    sandbox.fault("unreachable", "*", times=-1)
    done = reconcile()
    assert (done.payments, done.unknown) == (3, 3)
    sandbox.calm()
    assert reconcile().unknown == 0


def test_a_fault_of_one_payment_does_not_stop_the_others(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = being_paid(), being_paid()
    sandbox.pay(second.reference)
    due(first)
    due(second)

    def observe_or_fail(payment_id: int) -> Payment:
        if payment_id == first.pk:
            raise KeyError("a fault of ours")
        return observe(payment_id)

    monkeypatch.setattr(undecided_payments, "observe", observe_or_fail)
    assert reconcile().payments == 2
    second.refresh_from_db()
    assert second.state == PaymentState.CAPTURED
    assert f"payment {first.uuid} can't be looked at" in caplog.text


def test_many_reconcilers_at_once_take_each_payment_once(sandbox: Sandbox) -> None:
    waiting = [being_paid() for _ in range(6)]
    for payment in waiting:
        due(payment)

    def take_all(_number: int) -> list[int]:
        taken = []
        while payment := claim_next():
            taken.append(payment.pk)
        return taken

    taken = at_once(take_all, 4)
    assert sorted(pk for part in taken for pk in part) == [it.pk for it in waiting]  # type: ignore[attr-defined]


def test_reconcilers_events_and_returns_at_once_take_the_money_once(sandbox: Sandbox) -> None:
    payment = being_paid()
    sandbox.pay(payment.reference)
    body = stripe_event(payment)

    def push(number: int) -> object:
        due(payment)
        return reconcile() if number % 2 else post_stripe(body).status_code

    results = at_once(push, 8)
    assert not [it for it in results if isinstance(it, Exception)]
    payment.refresh_from_db()
    assert payment.state == PaymentState.CAPTURED
    assert sandbox.facts(payment.reference)["captured"] == payment.amount
    assert ProviderEvent.objects.count() == 1


def test_after_a_kill_the_next_worker_looks_a_minute_later(sandbox: Sandbox) -> None:
    payment = being_paid()
    sandbox.pay(payment.reference)
    due(payment)
    assert claim_next() is not None  # And its worker was killed.
    assert reconcile().payments == 0
    Payment.objects.update(next_check_at=earlier("next_check_at", undecided_payments.CLAIM))
    assert reconcile().payments == 1
    payment.refresh_from_db()
    assert payment.state == PaymentState.CAPTURED


def test_an_event_during_a_look_wants_another_look(sandbox: Sandbox) -> None:
    payment = paid(sandbox)
    undecided_payments.look_again_now(payment_is(payment))
    claimed = claim_next()
    assert claimed is not None
    undecided_payments.look_again_now(payment_is(payment))  # An event comes while it is looked at.
    look_at(claimed)
    payment.refresh_from_db()
    assert payment.next_check_at is not None
    assert payment.next_check_at <= database_now()


def payment_is(payment: Payment) -> Q:
    return Q(pk=payment.pk)


def test_when_the_time_is_over_the_payment_ends_at_the_provider(sandbox: Sandbox) -> None:
    payment = being_paid()
    Order.objects.update(pay_until=database_now())
    done = reconcile()
    assert (done.stopped, done.payments) == (1, 1)
    payment.refresh_from_db()
    assert (payment.state, payment.order.state) == (PaymentState.CANCELLED, OrderState.EXPIRED)
    assert sandbox.facts(payment.reference)["status"] == "expired"
    with pytest.raises(ValueError, match="expired"):
        sandbox.pay(payment.reference)


def test_an_order_that_can_not_be_ended_stops_no_other(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken, other = being_paid(), being_paid()
    Order.objects.update(pay_until=database_now())
    end_order = closing.end_order

    def end_or_fail(order: Order, *rest: Any) -> None:
        if order.pk == broken.order_id:
            raise KeyError("a fault of ours")
        end_order(order, *rest)

    monkeypatch.setattr(closing, "end_order", end_or_fail)
    reconcile()
    other.refresh_from_db()
    assert other.order.state == OrderState.EXPIRED
    assert "can't be ended" in caplog.text


def test_seats_that_were_let_go_can_not_be_paid_any_more(sandbox: Sandbox) -> None:
    payment = being_paid()
    booking = payment.order.booking
    services.release_hold(user=booking.user, reference=booking.reference)
    reconcile()
    payment.refresh_from_db()
    assert (payment.state, payment.order.state) == (PaymentState.CANCELLED, OrderState.ABANDONED)
    assert sandbox.facts(payment.reference)["status"] == "expired"


# Events that no task handled


def stored_event(payment: Payment, kind: str = "charge.refunded", **fields: str) -> ProviderEvent:
    values = {
        "provider": payment.provider,
        "event_id": f"evt_{uuid4().hex}",
        "body_hash": uuid4().hex,
        "kind": kind,
        "object_reference": str(payment.uuid),
    }
    return ProviderEvent.objects.create(**(values | fields))


@pytest.mark.parametrize("name", ["uuid", "reference", "charge"])
def test_an_event_that_no_task_handled_is_found(sandbox: Sandbox, name: str) -> None:
    payment = paid(sandbox)
    event = stored_event(payment, object_reference=str(getattr(payment, name)))
    done = reconcile()
    assert (done.events, done.payments) == (1, 1)
    event.refresh_from_db()
    assert event.payment == payment
    assert event.handled_at is not None


def test_old_events_are_forgotten_and_waiting_ones_are_not(sandbox: Sandbox) -> None:
    payment = being_paid()
    now = database_now()
    old, young, waiting = (stored_event(payment) for _ in range(3))
    ProviderEvent.objects.exclude(pk=waiting.pk).update(handled_at=now)
    ProviderEvent.objects.exclude(pk=young.pk).update(received_at=now - timedelta(days=91))
    assert provider_events.forget_old_events() == 1
    assert set(ProviderEvent.objects.values_list("pk", flat=True)) == {young.pk, waiting.pk}
    assert old.pk not in {young.pk, waiting.pk}


# Refunds and disputes that began at the provider


def test_a_refund_made_at_the_provider_is_written_down(sandbox: Sandbox) -> None:
    payment = paid(sandbox)
    sandbox.control("POST", f"payments/{payment.charge}", action="refund", amount=100)
    stored_event(payment)
    reconcile()
    refund = Refund.objects.get()
    assert (refund.source, refund.amount) == (Refund.Source.EXTERNAL, 100)
    assert refund.state == RefundState.SUCCEEDED
    payment.refresh_from_db()
    assert payment.next_check_at is None


def test_a_refund_made_at_the_provider_is_not_lost_in_an_outage(sandbox: Sandbox) -> None:
    payment = paid(sandbox)
    sandbox.control("POST", f"payments/{payment.charge}", action="refund", amount=100)
    stored_event(payment)
    sandbox.fault("unreachable", "fetch")
    assert reconcile().unknown == 1
    due(payment)
    reconcile()
    assert Refund.objects.get().amount == 100


def test_a_refund_that_a_bank_sends_back_weeks_later_is_noticed(sandbox: Sandbox) -> None:
    payment = paid(sandbox)
    refund = make_refund(payment, 100)
    refund_queue.send_due()
    refund.refresh_from_db()
    assert refund.state == RefundState.SUCCEEDED
    sandbox.control("POST", f"refunds/{refund.reference}", failure="expired_or_canceled_card")
    stored_event(payment, "refund.failed")
    reconcile()
    refund.refresh_from_db()
    assert (str(refund.state), refund.failure_code) == ("FAILED", "expired_or_canceled_card")


def dispute(sandbox: Sandbox, payment: Payment) -> str:
    told = sandbox.control("POST", f"payments/{payment.charge}", action="dispute")
    return str(told["dispute"])


@pytest.mark.parametrize(("won", "state", "back"), [(True, "won", 0), (False, "lost", 250_00)])
def test_a_dispute_is_followed_to_its_end(
    sandbox: Sandbox, won: bool, state: str, back: int
) -> None:
    payment = paid(sandbox)
    reference = dispute(sandbox, payment)
    stored_event(payment, "charge.dispute.created", object_reference=reference)
    reconcile()
    found = Dispute.objects.get()
    assert (found.payment, found.state, found.amount) == (payment, "needs_response", 250_00)
    assert found.due_at is not None

    sandbox.control("POST", f"disputes/{reference}", won=won)
    for _ in range(2):  # The second event changes nothing.
        stored_event(payment, "charge.dispute.closed", object_reference=reference)
        reconcile()
    found.refresh_from_db()
    assert found.state == state
    assert found.closed_at is not None
    refunds = Refund.objects.filter(source=Refund.Source.DISPUTE)
    assert sum(refund.amount for refund in refunds) == back


def test_an_event_about_a_dispute_waits_for_the_provider(sandbox: Sandbox) -> None:
    payment = paid(sandbox)
    event = stored_event(
        payment, "charge.dispute.created", object_reference=dispute(sandbox, payment)
    )
    sandbox.fault("unreachable", "fetch")
    assert reconcile().events == 0
    assert reconcile().events == 1
    event.refresh_from_db()
    assert event.handled_at is not None


def test_an_event_that_waits_or_fails_stops_no_other(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    payment = paid(sandbox)
    kind = "charge.dispute.created"
    stored_event(payment, kind, provider="removed")
    waiting = stored_event(payment, kind, object_reference=dispute(sandbox, payment))
    other = stored_event(payment)
    sandbox.fault("unreachable", "fetch")
    assert reconcile().events == 1
    waiting.refresh_from_db()
    other.refresh_from_db()
    assert (waiting.handled_at, other.payment) == (None, payment)
    assert "can't be handled" in caplog.text

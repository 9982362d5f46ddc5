"""Refunds on their way to the provider, against the real sandbox."""

from datetime import timedelta
from functools import partial

import pytest
from django.core import mail
from django.utils import timezone

from accounts.outbox import sending as outbox
from accounts.outbox.models import Message
from bookings.models import Booking
from bookings.payments import providers
from bookings.payments.models import Dispute, Payment, Refund
from bookings.payments.refunds import queue as refund_queue
from bookings.payments.refunds.results import note_charged_back, note_remote_refunds
from bookings.payments.states import RefundState
from tests.support.clocks import earlier
from tests.support.factories import make_booking, make_show
from tests.support.money import make_order, make_refund
from tests.support.paid import pay_online
from tests.support.races import at_once
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db
# The 8 seconds of a run end too early on a busy machine.
send_due = partial(refund_queue.send_due, seconds=120)


@pytest.fixture
def booking(db: None) -> Booking:
    return make_booking(make_show(), ["A1", "A2"])


@pytest.fixture
def payment(sandbox: Sandbox, booking: Booking) -> Payment:
    return pay_online(sandbox, make_order(booking, fee=40_00))


def make_due_again(*, after: timedelta = timedelta(hours=1)) -> None:
    """Let the pause of each refund pass."""
    Refund.objects.update(
        next_try_at=earlier("next_try_at", after),
        claimed_until=None,
        created_at=earlier("created_at", after),
    )


def states() -> list[str]:
    return list(Refund.objects.order_by("pk").values_list("state", flat=True))


def refunded(sandbox: Sandbox, payment: Payment) -> int:
    return int(sandbox.facts(payment.reference)["refunded"])


def test_a_due_refund_is_made_at_the_provider_and_its_owner_is_told(
    sandbox: Sandbox, payment: Payment
) -> None:
    refund = make_refund(payment, 500_00)
    assert send_due().sent == 1
    refund.refresh_from_db()
    assert (refund.state, refund.failure_code) == (RefundState.SUCCEEDED, "")
    assert refund.reference
    assert refund.sent_at
    assert refunded(sandbox, payment) == 500_00
    message = Message.objects.get()
    assert (message.kind, message.user, message.data["amount"]) == (
        "refunded",
        payment.order.user,
        "500.00",
    )
    assert send_due().sent == 0
    assert outbox.send_due().sent == 1
    (told,) = mail.outbox
    assert told.subject.startswith("₹500 has been given back")
    assert payment.order.booking_reference in str(told.body)


@pytest.mark.usefixtures("razorpay_sandbox")
def test_the_same_with_razorpay(sandbox: Sandbox, booking: Booking) -> None:
    payment = pay_online(sandbox, make_order(booking))
    make_refund(payment, 100_00)
    assert send_due().sent == 1
    assert refunded(sandbox, payment) == 100_00


def test_an_answer_that_is_lost_is_looked_up_and_nothing_is_given_back_twice(
    sandbox: Sandbox, payment: Payment
) -> None:
    make_refund(payment, 500_00)
    sandbox.fault("drop", "refund")
    assert send_due().unknown == 1
    assert states() == ["DUE"]
    assert send_due().unknown == 0, "it waits for its pause"
    make_due_again()
    assert send_due().sent == 1
    assert states() == ["SUCCEEDED"]
    assert refunded(sandbox, payment) == 500_00


def test_a_provider_that_is_away_ends_the_run_and_nothing_is_lost(
    sandbox: Sandbox, payment: Payment
) -> None:
    for _ in range(refund_queue.MOST_UNKNOWN + 2):
        make_refund(payment, 10_00)
    sandbox.fault("unreachable", "*", times=-1)
    assert send_due().unknown == refund_queue.MOST_UNKNOWN
    sandbox.calm()
    make_due_again()
    assert send_due().sent == refund_queue.MOST_UNKNOWN + 2
    assert refunded(sandbox, payment) == (refund_queue.MOST_UNKNOWN + 2) * 10_00


def test_a_balance_that_is_too_low_pauses_the_queue_and_not_the_refunds(
    sandbox: Sandbox, payment: Payment
) -> None:
    for _ in range(3):
        make_refund(payment, 100_00)
    sandbox.fault("refuse", "refund")
    assert send_due().failed == 1
    assert states() == ["FAILED", "DUE", "DUE", "DUE"]
    assert send_due().sent == 0, "the others wait too"
    make_due_again()
    assert send_due().sent == 3
    assert states() == ["FAILED", "SUCCEEDED", "SUCCEEDED", "SUCCEEDED"]
    assert refunded(sandbox, payment) == 300_00
    assert Refund.objects.get(state="FAILED").failure_code == "balance-too-low"


def test_a_refund_that_the_provider_refuses_is_left_to_staff(
    sandbox: Sandbox, payment: Payment
) -> None:
    make_refund(payment, 100_00)
    sandbox.fault("refuse", "refund", code="charge_already_refunded")
    send_due()
    refund = Refund.objects.get()
    assert (refund.state, refund.failure_code) == ("FAILED", "charge_already_refunded")
    assert not Message.objects.exists()


def test_a_refund_on_its_way_is_followed_until_it_arrives(
    sandbox: Sandbox, payment: Payment
) -> None:
    make_refund(payment, 100_00)
    sandbox.fault("refund_waits", "refund", seconds=3600)
    send_due()
    assert states() == ["SENT"]
    make_due_again()
    send_due()
    assert states() == ["SENT"]
    sandbox.let_time_pass()
    make_due_again()
    send_due()
    assert states() == ["SUCCEEDED"]
    assert Message.objects.count() == 1


def test_a_refund_on_its_way_that_fails_is_left_to_staff(
    sandbox: Sandbox, payment: Payment
) -> None:
    make_refund(payment, 100_00)
    sandbox.fault("refund_fails", "refund", seconds=3600, reason="expired_or_canceled_card")
    send_due()
    sandbox.let_time_pass()
    make_due_again()
    send_due()
    refund = Refund.objects.get()
    assert (refund.state, refund.failure_code) == ("FAILED", "expired_or_canceled_card")


def test_a_disputed_payment_waits_for_the_bank(sandbox: Sandbox, payment: Payment) -> None:
    make_refund(payment, 100_00)
    dispute = Dispute.objects.create(
        show_id=payment.show_id,
        payment=payment,
        provider=payment.provider,
        reference="dp_1",
        amount=payment.amount,
        currency="INR",
        state=Dispute.State.UNDER_REVIEW,
    )
    assert send_due().sent == 0
    Dispute.objects.filter(pk=dispute.pk).update(state=Dispute.State.WON)
    assert send_due().sent == 1


def test_a_lost_dispute_takes_the_place_of_what_was_due(payment: Payment) -> None:
    make_refund(payment, payment.amount)
    for _ in range(2):
        note_charged_back(payment, reference="dp_1", amount=payment.amount)
    found = Refund.objects.order_by("pk").values_list("source", "state", "failure_code")
    assert list(found) == [("CUSTOMER", "FAILED", "charged-back"), ("DISPUTE", "SUCCEEDED", "")]


def test_money_given_back_at_the_provider_is_written_down_once(
    sandbox: Sandbox, payment: Payment
) -> None:
    ours = make_refund(payment, payment.amount)
    provider = providers.provider(payment.provider)
    key = refund_queue.refund_key(make_refund_elsewhere(payment))
    provider.refund(key, 300_00)
    for _ in range(2):
        note_remote_refunds(payment, provider.fetch(key.payment).refunds)
    ours.refresh_from_db()
    assert (ours.state, ours.failure_code) == ("FAILED", "made-at-the-provider")
    external, rest = Refund.objects.exclude(pk=ours.pk).order_by("-amount")
    assert (external.amount, external.source, external.state) == (300_00, "EXTERNAL", "SUCCEEDED")
    # The rest is still owed.
    assert (rest.amount, rest.state, rest.retry_of) == (payment.amount - 300_00, "DUE", ours)
    assert send_due().sent == 1
    assert refunded(sandbox, payment) == payment.amount


def make_refund_elsewhere(payment: Payment) -> Refund:
    """A refund that is not in our tables, as if it was made on the provider's site."""
    return Refund(show_id=payment.show_id, payment=payment, amount=300_00)


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_send_each_refund_once(sandbox: Sandbox) -> None:
    payment = pay_online(sandbox, make_order(make_booking(make_show(), ["A1", "A2"])))
    for _ in range(20):
        make_refund(payment, 10_00)
    results = at_once(lambda _: send_due().sent, 4)
    assert sum(map(int, map(str, results))) == 20
    assert refunded(sandbox, payment) == 200_00
    assert set(states()) == {"SUCCEEDED"}


def test_a_claim_of_a_killed_worker_ends_and_the_next_one_asks_first(
    sandbox: Sandbox, payment: Payment
) -> None:
    make_refund(payment, 100_00)
    claimed = refund_queue.claim_next()
    assert claimed is not None
    refund_queue._ask(claimed)
    assert refund_queue.claim_next() is None
    Refund.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert send_due().sent == 1
    assert refunded(sandbox, payment) == 100_00

"""What comes back for an order, and how it is written down. Without a provider."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from bookings.models import Booking
from bookings.payments.errors import NothingToRefund, PaymentDisputed, RefundTooLarge
from bookings.payments.ledger import lock_ledgers, read_ledger
from bookings.payments.models import Dispute, Order, Payment, Refund
from bookings.payments.orders.closing import cancel_orders, stop_payments
from bookings.payments.refunds.offers import Offer, cancellation_offer
from bookings.payments.refunds.writing import spread, write_refunds
from bookings.payments.states import OrderState, PaymentState, RefundState
from bookmyshow.core.time import database_now
from tests.support.factories import make_booking, make_show
from tests.support.money import make_order, make_payment, make_refund
from tests.support.races import meeting

pytestmark = pytest.mark.django_db
BY_STAFF = Refund.Source.STAFF


@pytest.fixture
def booking() -> Booking:
    """Two seats of ₹250 each."""
    return make_booking(make_show(), ["A1", "A2"])


def paid(booking: Booking, *, fee: int = 40_00, **fields: Any) -> Payment:
    order = make_order(booking, fee=fee, state=OrderState.PAID, **fields)
    return make_payment(order, PaymentState.CAPTURED)


def give_back(order: Order, **what: Any) -> list[Refund]:
    return write_refunds(order=order, source=BY_STAFF, **what)


def offer(order: Order, *, before: timedelta) -> Offer:
    starts_at = order.show.starts_at
    return cancellation_offer(read_ledger(order), at=starts_at - before, starts_at=starts_at)


def test_everything_goes_back_with_what_it_is_for(booking: Booking) -> None:
    payment = paid(booking)
    lines = list(payment.order.lines.values_list("pk", "gross"))
    (refund,) = give_back(payment.order, reason="Projector broke")
    refund.refresh_from_db()
    assert (refund.amount, refund.state, refund.reason) == (540_00, "DUE", "Projector broke")
    assert refund.lines == [list(line) for line in lines]
    assert refund.next_try_at is not None
    assert refund.next_try_at <= database_now()


def test_chosen_lines_go_back_once(booking: Booking) -> None:
    order = paid(booking).order
    seat, other, fee = order.lines.all()
    (refund,) = give_back(order, lines=[(seat.pk, seat.gross)])
    assert (refund.amount, refund.lines) == (250_00, [[seat.pk, 250_00]])
    with pytest.raises(RefundTooLarge):
        give_back(order, lines=[(seat.pk, 1)])
    (rest,) = give_back(order)
    assert rest.lines == [[other.pk, 250_00], [fee.pk, 40_00]]
    with pytest.raises(NothingToRefund):
        give_back(order)


def test_a_sum_is_spread_over_the_lines_and_adds_up(booking: Booking) -> None:
    order = paid(booking).order
    (refund,) = give_back(order, amount=100_01)
    assert sum(amount for _, amount in refund.lines) == refund.amount == 100_01
    assert len(refund.lines) == 3
    ledger = read_ledger(order)
    for total in range(1, ledger.left + 1, 997):
        parts = spread(total, ledger)
        assert sum(amount for _, amount in parts) == total
        assert all(amount <= ledger.left_of_line[line] for line, amount in parts)


def test_a_failed_refund_can_be_given_back_again_and_one_on_its_way_can_not(
    booking: Booking,
) -> None:
    payment = paid(booking)
    make_refund(payment, 540_00, state=RefundState.FAILED)
    give_back(payment.order)
    with pytest.raises(NothingToRefund):
        give_back(payment.order)


def test_money_taken_at_the_counter_is_handed_back_by_a_person(booking: Booking) -> None:
    order = make_order(booking, state=OrderState.PAID)
    make_payment(order, PaymentState.CAPTURED, provider="counter", reference="", method="cash")
    (refund,) = give_back(order)
    assert (refund.state, refund.next_try_at) == (RefundState.MANUAL, None)


def test_money_that_is_not_for_the_order_is_left_to_its_own_refund(booking: Booking) -> None:
    payment = paid(booking)
    make_payment(payment.order, PaymentState.CAPTURED, surplus=True)
    (refund,) = give_back(payment.order)
    assert refund.payment == payment


def test_nothing_of_a_disputed_payment_goes_back_until_the_bank_has_decided(
    booking: Booking,
) -> None:
    payment = paid(booking)
    dispute = Dispute.objects.create(
        show_id=payment.show_id,
        payment=payment,
        provider="sandbox",
        reference="dp_1",
        amount=payment.amount,
        currency="INR",
        state=Dispute.State.NEEDS_RESPONSE,
    )
    with pytest.raises(PaymentDisputed):
        give_back(payment.order)
    Dispute.objects.filter(pk=dispute.pk).update(state=Dispute.State.WON)
    assert give_back(payment.order)


@pytest.mark.parametrize(
    ("minutes", "percent", "back"), [(121, 100, 500_00), (119, 50, 250_00), (5, 0, 0), (0, 0, 0)]
)
def test_the_policy_of_the_order_decides_and_the_fee_is_kept(
    booking: Booking, minutes: int, percent: int, back: int, settings: Any
) -> None:
    settings.CANCELLATION_POLICY = ""
    order = paid(booking, policy="120:100,20:50").order
    found = offer(order, before=timedelta(minutes=minutes))
    assert (found.percent, found.back) == (percent, back)
    assert (found.paid, found.kept_fee, found.was_moved) == (540_00, 40_00, False)


def test_each_seat_is_rounded_half_up(booking: Booking) -> None:
    order = paid(booking, policy="0:33").order
    assert offer(order, before=timedelta(hours=1)).back == 2 * 82_50
    odd = paid(make_booking(booking.show, ["B1"]), policy="0:1").order
    assert offer(odd, before=timedelta(hours=1)).back == 2_50


def test_what_came_back_earlier_is_not_given_twice(booking: Booking) -> None:
    order = paid(booking, policy="0:50").order
    seat, other, _ = order.lines.all()
    give_back(order, lines=[(seat.pk, seat.gross)])
    assert offer(order, before=timedelta(hours=1)).parts == ((other.pk, 125_00),)


def test_after_a_move_everything_comes_back_until_the_new_start(booking: Booking) -> None:
    order = paid(booking, policy="120:100,20:0").order
    later = order.starts_at + timedelta(hours=1)
    ledger = read_ledger(order)
    found = cancellation_offer(ledger, at=later - timedelta(minutes=1), starts_at=later)
    assert (found.back, found.kept_fee, found.was_moved) == (540_00, 0, True)
    assert cancellation_offer(ledger, at=later, starts_at=later).back == 0


def test_what_is_only_reserved_is_not_offered_back_but_not_taken(booking: Booking) -> None:
    order = make_order(booking, fee=40_00, state=OrderState.PAID)
    make_payment(order, PaymentState.CAPTURE_DUE)
    found = offer(order, before=timedelta(hours=1))
    assert (found.back, found.paid, found.kept_fee, found.reserved) == (0, 0, 0, 540_00)


def test_a_cancelled_order_stops_its_payments(booking: Booking) -> None:
    order = make_order(booking, state=OrderState.PAID)
    states = ["OPEN", "CAPTURE_DUE", "AUTHORISED", "FAILED", "VOIDED"]
    payments = [make_payment(order, state) for state in states]
    stop_payments(payments, database_now())
    cancel_orders([order], database_now())
    order.refresh_from_db()
    assert order.state == OrderState.CANCELLED
    found = Payment.objects.order_by("pk").values_list("state", "next_check_at")
    assert [state for state, _ in found] == [
        "CANCEL_DUE",
        "VOID_DUE",
        "VOID_DUE",
        "CANCEL_DUE",
        "VOIDED",
    ]
    assert all(at is not None for state, at in found if state != "VOIDED")


def test_many_orders_cost_as_many_statements_as_one(booking: Booking) -> None:
    show = booking.show
    labels = ["B1", "B2", "B3", "B4"]
    orders = [paid(make_booking(show, [label])).order for label in labels]

    def statements(which: Q) -> int:
        with CaptureQueriesContext(connection) as captured, transaction.atomic():
            lock_ledgers(show.pk, which)
        return len(captured)

    assert statements(Q(pk=orders[0].pk)) == statements(Q(show=show)) <= 7


@pytest.mark.django_db(transaction=True)
def test_who_gives_back_second_waits_and_finds_nothing_left() -> None:
    order = paid(make_booking(make_show(), ["A1"]), fee=0).order

    def second() -> str:
        try:
            give_back_in_transaction(order)
        except NothingToRefund:
            return "nothing is left"
        except IntegrityError:
            return "only the database noticed"
        return "given back twice"

    assert meeting(lambda: give_back(order), second) == "nothing is left"
    assert Refund.objects.get().amount == order.total


@pytest.mark.django_db(transaction=True)
def test_without_the_ledger_s_lock_the_database_still_refuses_the_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Control: with stale figures, as if nobody had locked, the database keeps the rule."""
    order = paid(make_booking(make_show(), ["A1"]), fee=0).order
    stale = read_ledger(order)
    give_back_in_transaction(order)
    monkeypatch.setattr("bookings.payments.refunds.writing.lock_ledgers", lambda *_: [stale])
    with pytest.raises(IntegrityError, match="refused"):
        give_back_in_transaction(order)
    assert Refund.objects.count() == 1


def give_back_in_transaction(order: Order) -> None:
    with transaction.atomic():
        give_back(order)

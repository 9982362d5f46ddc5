"""What becomes of the money: in time, late, at once, and for seats that are gone.

The provider is the real sandbox process. After each test no money is lost (`conserved`).
"""

from collections.abc import Callable

import pytest

from accounts.outbox.models import Message
from accounts.outbox.registry import kind_of
from bookings import services
from bookings.documents.numbering import number_documents
from bookings.models import Booking
from bookings.payments.models import Refund
from bookings.payments.orders.closing import close_finished_orders
from bookings.payments.states import OrderState, PaymentState, RefundState
from bookings.show_changes.services import cancel_show
from tests.support.factories import begin, lapse, make_user
from tests.support.paying import mails, order_of, press, run_out, seen, status_of
from tests.support.sandbox import Sandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("conserved")]

CAPTURED, VOIDED = PaymentState.CAPTURED, PaymentState.VOIDED


def test_paid_in_time_confirms_the_hold_and_takes_the_money(
    provider: Sandbox, held: Booking
) -> None:
    checkout = press(held)
    assert seen(checkout).state == PaymentState.OPEN
    provider.pay(checkout.payment.reference)
    payment = seen(checkout)
    assert (payment.state, payment.captured, payment.surplus) == (CAPTURED, 500_00, False)
    assert payment.next_check_at is None
    assert order_of(checkout).state == OrderState.PAID
    assert status_of(held) == Booking.Status.CONFIRMED
    assert provider.facts(payment.reference)["captured"] == 500_00
    assert mails() == ["booking-confirmed"]


def test_a_method_that_takes_the_money_at_once_confirms_too(
    provider: Sandbox, held: Booking
) -> None:
    checkout = press(held)
    provider.pay(checkout.payment.reference, "bank")
    assert seen(checkout).state == CAPTURED
    assert status_of(held) == Booking.Status.CONFIRMED
    assert mails() == ["booking-confirmed"]


def test_looking_again_changes_nothing(provider: Sandbox, held: Booking) -> None:
    checkout = press(held)
    provider.pay(checkout.payment.reference)
    first = seen(checkout)
    for _ in range(3):
        again = seen(checkout)
        assert (again.state, again.updated_at) == (first.state, first.updated_at)
    assert mails() == ["booking-confirmed"]


def test_a_booking_that_was_confirmed_meanwhile_is_paid(provider: Sandbox, held: Booking) -> None:
    checkout = press(held)
    provider.pay(checkout.payment.reference)
    services.confirm_booking(user=held.user, reference=held.reference)
    assert seen(checkout).state == CAPTURED
    assert order_of(checkout).state == OrderState.PAID
    assert mails() == ["booking-confirmed", "ticket-paid"]


@pytest.mark.parametrize("method", ["pay", "bank"])
def test_a_late_buyer_gets_the_same_seats_if_all_are_free(
    provider: Sandbox, held: Booking, method: str
) -> None:
    checkout = press(held)
    provider.pay(checkout.payment.reference, method)
    run_out(held)
    assert seen(checkout).state == CAPTURED
    order = order_of(checkout)
    assert order.state == OrderState.PAID
    assert order.booking_id != held.pk
    assert order.booking_reference == order.booking.reference
    assert (order.booking.status, order.booking.seats) == ("CONFIRMED", held.seats)
    assert status_of(held) == Booking.Status.FAILED
    number_documents()
    message = Message.objects.get()
    assert "Your time to pay had run out" in kind_of(message.kind).compose(message).body


def test_a_late_buyer_whose_hold_was_swept_gets_the_seats_too(
    provider: Sandbox, held: Booking
) -> None:
    checkout = press(held)
    run_out(held)
    services.sweep_lapsed_holds()
    close_finished_orders()
    assert order_of(checkout).state == OrderState.EXPIRED
    provider.pay(checkout.payment.reference)
    assert seen(checkout).state == CAPTURED
    assert order_of(checkout).state == OrderState.PAID


def test_a_late_buyer_s_seats_are_taken_from_lapsed_holds_of_others(
    provider: Sandbox, held: Booking
) -> None:
    checkout = press(held)
    provider.pay(checkout.payment.reference)
    run_out(held)
    other = services.hold_seats(user=make_user(), show_id=held.show_id, labels=["A2", "A3"])
    lapse(other)
    assert seen(checkout).state == CAPTURED
    assert status_of(other) == Booking.Status.FAILED


def late_because_sold(held: Booking) -> None:
    run_out(held)
    services.hold_seats(user=make_user(), show_id=held.show_id, labels=["A2"])


def late_because_began(held: Booking) -> None:
    run_out(held)
    begin(held.show)


def released(held: Booking) -> None:
    services.release_hold(user=held.user, reference=held.reference)


def swapped(held: Booking) -> None:
    services.hold_seats(user=held.user, show_id=held.show_id, labels=["B1"])


def show_cancelled(held: Booking) -> None:
    cancel_show(show_id=held.show_id, by=make_user(is_superuser=True))


def lapsed_then_show_cancelled(held: Booking) -> None:
    run_out(held)
    services.sweep_lapsed_holds()
    cancel_show(show_id=held.show_id, by=make_user(is_superuser=True))


LOST: list[tuple[Callable[[Booking], None], OrderState, Refund.Source]] = [
    (late_because_sold, OrderState.EXPIRED, Refund.Source.LATE),
    (late_because_began, OrderState.EXPIRED, Refund.Source.LATE),
    (released, OrderState.ABANDONED, Refund.Source.LATE),
    (swapped, OrderState.ABANDONED, Refund.Source.LATE),
    (show_cancelled, OrderState.CANCELLED, Refund.Source.SHOW),
    (lapsed_then_show_cancelled, OrderState.CANCELLED, Refund.Source.SHOW),
]


@pytest.mark.parametrize(("lose", "order_state", "source"), LOST)
def test_money_for_seats_that_are_gone_goes_back(
    sandbox: Sandbox,
    held: Booking,
    lose: Callable[[Booking], None],
    order_state: OrderState,
    source: Refund.Source,  # Of a method that takes the money at once: see the next test.
) -> None:
    """Reserved money is released; nothing is taken."""
    checkout = press(held)
    sandbox.pay(checkout.payment.reference)
    lose(held)
    payment = seen(checkout)
    assert (payment.state, payment.captured, payment.surplus) == (VOIDED, 0, True)
    assert order_of(checkout).state == order_state
    facts = sandbox.facts(payment.reference)
    assert (facts["authorised"], facts["captured"]) == (0, 0)
    assert "money-back" in mails()
    assert "booking-confirmed" not in mails()


@pytest.mark.parametrize(("lose", "order_state", "source"), LOST)
def test_money_that_was_taken_at_once_for_seats_that_are_gone_is_refunded(
    provider: Sandbox,
    held: Booking,
    lose: Callable[[Booking], None],
    order_state: OrderState,
    source: Refund.Source,
) -> None:
    checkout = press(held)
    provider.pay(checkout.payment.reference, "bank")
    lose(held)
    payment = seen(checkout)
    assert (payment.state, payment.captured, payment.surplus) == (CAPTURED, 500_00, True)
    assert order_of(checkout).state == order_state
    refund = Refund.objects.get()
    assert (refund.amount, refund.state, refund.source) == (500_00, RefundState.DUE, source)
    seen(checkout)
    assert Refund.objects.count() == 1

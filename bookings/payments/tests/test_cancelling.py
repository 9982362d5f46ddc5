"""Cancelled bookings and shows, and what becomes of their money. Without a provider."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.outbox.models import Message
from bookings import services
from bookings.models import Booking
from bookings.payments.errors import PaymentDisputed, RefundChanged
from bookings.payments.models import Dispute, Order, Payment, Refund
from bookings.payments.states import OrderState, PaymentState
from bookings.show_changes.services import cancel_show, move_show
from shows.models import Show
from tests.support.factories import hall, make_booking, make_show, make_user
from tests.support.money import make_order, make_payment

pytestmark = pytest.mark.django_db
POLICY = "120:100,20:50"


@pytest.fixture
def show() -> Show:
    return make_show(starts_in=timedelta(hours=3))


@pytest.fixture
def manager() -> User:
    return make_user(is_staff=True)


def buy(show: Show, *labels: str, fee: int = 40_00, user: User | None = None) -> Order:
    order = make_order(
        make_booking(show, labels, user=user), fee=fee, policy=POLICY, state=OrderState.PAID
    )
    make_payment(order, PaymentState.CAPTURED)
    return order


def cancel(order: Order, **how: Any) -> Booking:
    return services.cancel_booking(user=order.user, reference=order.booking_reference, **how)


def starts_in(show: Show, minutes: int) -> None:
    """Pretend that the show and its orders were always at this time."""
    begins = show.starts_at - timedelta(hours=3) + timedelta(minutes=minutes)
    ends = begins + timedelta(hours=2)
    Show.objects.filter(pk=show.pk).update(
        starts_at=begins, ends_at=ends, busy_until=ends + timedelta(minutes=15)
    )
    Order.objects.filter(show=show).update(starts_at=begins)


def refunds() -> list[tuple[int, str, str]]:
    return list(Refund.objects.order_by("pk").values_list("amount", "state", "source"))


def test_a_customer_gets_the_seats_back_and_the_fee_is_kept(show: Show) -> None:
    order = buy(show, "A1", "A2")
    assert cancel(order, least_back=500_00).status == "CANCELLED"
    assert refunds() == [(500_00, "DUE", "CUSTOMER")]
    order.refresh_from_db()
    assert order.state == OrderState.CANCELLED
    cancel(order)
    assert len(refunds()) == 1


def test_later_a_part_comes_back_and_at_last_nothing(show: Show) -> None:
    orders = [buy(show, label) for label in ("A1", "A2")]
    starts_in(show, 60)
    cancel(orders[0])
    starts_in(show, 10)
    cancel(orders[1])
    assert refunds() == [(125_00, "DUE", "CUSTOMER")]
    assert set(Order.objects.values_list("state", flat=True)) == {"CANCELLED"}


def test_less_than_the_page_promised_cancels_nothing(show: Show) -> None:
    order = buy(show, "A1")
    starts_in(show, 60)
    with pytest.raises(RefundChanged):
        cancel(order, least_back=250_00)
    assert Booking.objects.get().status == "CONFIRMED"
    assert refunds() == []
    cancel(order, least_back=125_00)


def test_a_disputed_ticket_can_not_be_cancelled_by_its_owner(show: Show) -> None:
    order = buy(show, "A1")
    dispute(order)
    with pytest.raises(PaymentDisputed):
        cancel(order)
    assert Booking.objects.get().status == "CONFIRMED"


def test_a_ticket_that_is_paid_at_the_cinema_costs_one_read(show: Show) -> None:
    booking = make_booking(show, ["A2"])
    with CaptureQueriesContext(connection) as captured:
        services.cancel_booking(user=booking.user, reference=booking.reference)
    about_money = [q["sql"] for q in captured if '"payments_' in (q["sql"] or "")]
    assert len(about_money) == 1, about_money
    assert refunds() == []


def test_money_that_is_only_reserved_is_set_free(show: Show) -> None:
    order = make_order(make_booking(show, ["A1"]), state=OrderState.PAID)
    payment = make_payment(order, PaymentState.CAPTURE_DUE)
    cancel(order)
    payment.refresh_from_db()
    assert payment.state == PaymentState.VOID_DUE
    assert payment.next_check_at is not None
    assert refunds() == []


def test_a_hold_that_is_let_go_can_not_be_paid_any_more(show: Show) -> None:
    hold = services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1"])
    payment = make_payment(make_order(hold), PaymentState.OPEN)
    services.release_hold(user=hold.user, reference=hold.reference)
    payment.refresh_from_db()
    assert payment.state == PaymentState.CANCEL_DUE
    assert payment.order.state == OrderState.ABANDONED


def test_after_a_move_all_comes_back_although_the_policy_gives_nothing(
    show: Show, manager: User
) -> None:
    order = buy(show, "A1")
    starts_in(show, 15)
    Order.objects.update(policy="120:0")
    show.refresh_from_db()
    move_show(by=manager, show_id=show.pk, starts_at=show.starts_at + timedelta(minutes=5))
    cancel(order, least_back=290_00)
    assert refunds() == [(290_00, "DUE", "CUSTOMER")]


def test_a_cancelled_show_gives_everything_back_fees_too(show: Show, manager: User) -> None:
    person = make_user()
    buy(show, "A1", user=person)
    buy(show, "A2", user=person)
    make_booking(show, ["B1"])
    counter = make_order(make_booking(show, ["B2"]), state=OrderState.PAID)
    make_payment(counter, PaymentState.CAPTURED, provider="counter", reference="", method="cash")
    held = services.hold_seats(user=make_user(), show_id=show.pk, labels=["C1"])
    paying = make_payment(make_order(held), PaymentState.AUTHORISED)
    disputed = buy(show, "C2")
    dispute(disputed)
    cancel_show(by=manager, show_id=show.pk)
    assert refunds() == [
        (290_00, "DUE", "SHOW"),
        (290_00, "DUE", "SHOW"),
        (250_00, "MANUAL", "SHOW"),
        (290_00, "DUE", "SHOW"),
    ]
    paying.refresh_from_db()
    assert paying.state == PaymentState.VOID_DUE
    assert set(Order.objects.values_list("state", flat=True)) == {"CANCELLED"}
    told = {message.user_id: message.data.get("money") for message in Message.objects.all()}
    assert told[person.pk] == {
        "currency": "INR",
        "back": 580_00,
        "at_counter": 0,
        "reserved": 0,
    }
    assert told[counter.user_id]["at_counter"] == 250_00


def test_the_cost_of_a_cancelled_show_does_not_grow_with_its_tickets(manager: User) -> None:
    def statements(count: int) -> int:
        show = make_show(plan=hall(10, 10))
        labels = list(show.seats.values_list("label", flat=True)[:count])
        for label in labels:
            buy(show, label)
        with CaptureQueriesContext(connection) as captured:
            cancel_show(by=manager, show_id=show.pk)
        assert Refund.objects.filter(payment__order__show=show).count() == count
        return len(captured)

    assert statements(2) == statements(25)


def dispute(order: Order) -> None:
    Dispute.objects.create(
        show_id=order.show_id,
        payment=Payment.objects.get(order=order),
        provider="sandbox",
        reference=f"dp_{order.pk}",
        amount=order.total,
        currency="INR",
        state=Dispute.State.NEEDS_RESPONSE,
    )

"""What the database itself refuses: sums, states that go back, and changes of what was agreed."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction

from bookings.models import Booking
from bookings.payments.models import Order, OrderLine, Payment, Refund
from bookings.payments.states import (
    ORDER_MAY_BECOME,
    PAYMENT_MAY_BECOME,
    REFUND_MAY_BECOME,
    OrderState,
    PaymentState,
    RefundState,
)
from tests.support.factories import make_booking, make_guest, make_show, make_user
from tests.support.money import make_line, make_order, make_payment, make_refund
from tests.support.races import at_once

TABLES = [
    ("order", OrderState, ORDER_MAY_BECOME),
    ("payment", PaymentState, PAYMENT_MAY_BECOME),
    ("refund", RefundState, REFUND_MAY_BECOME),
]


@pytest.fixture
def booking(transactional_db: None) -> Booking:
    return make_booking(make_show(), ["A1", "A2"])


@pytest.fixture
def order(booking: Booking) -> Order:
    return make_order(booking, fee=40_00)


@pytest.fixture
def payment(order: Order) -> Payment:
    return make_payment(order, PaymentState.CAPTURED)


def refused(rule: str, change: Callable[[], Any]) -> None:
    with pytest.raises(IntegrityError) as raised, transaction.atomic():
        change()
    assert rule in str(raised.value.__cause__.diag.constraint_name)  # type: ignore[union-attr]


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "states", "table"), TABLES)
def test_the_database_allows_the_changes_that_the_code_allows(
    kind: str, states: type[models.TextChoices], table: dict[str, frozenset[str]]
) -> None:
    with connection.cursor() as cursor:
        for old in states.values:
            for new in states.values:
                cursor.execute("SELECT payments_may_become(%s, %s, %s)", [kind, old, new])
                (allowed,) = cursor.fetchone()
                assert allowed == (new == old or new in table[old]), (kind, old, new)


def test_a_state_that_goes_back_is_refused_by_the_database(payment: Payment) -> None:
    refund = make_refund(payment, 100, state=RefundState.SUCCEEDED)
    Order.objects.update(state=OrderState.PAID)
    refused("payment_state_forward", lambda: Payment.objects.update(state="OPEN"))
    refused("order_state_forward", lambda: Order.objects.update(state="OPEN"))
    refused("refund_state_forward", lambda: Refund.objects.filter(pk=refund.pk).update(state="DUE"))
    with pytest.raises(ValueError, match="can't become"):
        payment.move_to(PaymentState.VOIDED)


def test_the_total_is_the_sum_of_the_lines_at_the_commit(booking: Booking) -> None:
    refused("order_total_is_sum_of_lines", lambda: make_order(booking, total=1))
    assert not Order.objects.exists()


def test_a_line_can_neither_be_added_nor_changed_nor_deleted_later(order: Order) -> None:
    refused("order_total_is_sum_of_lines", lambda: make_line(order, 9, 100))
    refused("orderline_append_only", lambda: OrderLine.objects.update(text="Other"))
    refused("orderline_append_only", lambda: OrderLine.objects.all()._raw_delete("default"))


def test_what_was_agreed_can_not_be_changed(payment: Payment) -> None:
    make_refund(payment, 100)
    refused("order_total_fixed", lambda: Order.objects.update(total=1))
    refused("order_total_fixed", lambda: Order.objects.update(currency="EUR"))
    refused("payment_amount_fixed", lambda: Payment.objects.update(amount=1, surplus=True))
    refused("payment_amount_fixed", lambda: Payment.objects.update(captured=1, surplus=True))
    refused("refund_amount_fixed", lambda: Refund.objects.update(amount=1))


def test_only_the_order_of_a_guest_can_get_another_buyer(order: Order) -> None:
    account, other = order.user, make_user()
    refused("order_total_fixed", lambda: Order.objects.update(user=other))
    guest = make_guest()
    of_guest = make_order(make_booking(order.show, ["C1"], user=guest))
    of_guest_only = Order.objects.filter(pk=of_guest.pk)
    refused("order_total_fixed", lambda: of_guest_only.update(user=account, total=1))
    assert of_guest_only.update(user=account) == 1
    refused("order_total_fixed", lambda: of_guest_only.update(user=guest))


def test_an_order_has_one_payment_that_can_be_paid_and_one_whose_money_is_kept(
    order: Order,
) -> None:
    make_payment(order, PaymentState.OPEN)
    refused("payment_one_open_per_order", lambda: make_payment(order, PaymentState.CREATED))
    make_payment(order, PaymentState.CAPTURED)
    refused("payment_one_kept_per_order", lambda: make_payment(order, PaymentState.CAPTURE_DUE))
    # Money that came twice is there, but it is not kept.
    make_payment(order, PaymentState.CAPTURED, surplus=True)


def test_a_booking_has_one_live_order(booking: Booking, order: Order) -> None:
    refused("order_one_live_per_booking", lambda: make_order(booking))
    Order.objects.update(state=OrderState.EXPIRED)
    make_order(booking)


def test_another_amount_than_asked_is_never_kept(order: Order) -> None:
    refused(
        "payment_keeps_what_was_asked",
        lambda: make_payment(order, PaymentState.CAPTURED, captured=order.total - 1),
    )
    make_payment(order, PaymentState.CAPTURED, captured=order.total - 1, surplus=True)


def test_a_provider_s_ids_belong_to_one_payment(booking: Booking, order: Order) -> None:
    make_payment(order, PaymentState.CANCELLED, reference="cs_1", charge="pi_1")
    for ids in ({"reference": "cs_1"}, {"charge": "pi_1"}):
        key = next(iter(ids))
        refused(
            f"payment_{key}_unique",
            lambda ids=ids: make_payment(order, PaymentState.CANCELLED, **ids),  # type: ignore[misc]
        )
    make_payment(order, PaymentState.CANCELLED, provider="stripe", reference="cs_1", charge="pi_1")


def test_no_more_can_be_given_back_than_was_taken(payment: Payment) -> None:
    make_refund(payment, payment.captured - 1, state=RefundState.FAILED)
    make_refund(payment, payment.captured - 100)
    refused("refunds_within_captured", lambda: make_refund(payment, 101))
    make_refund(payment, 100)


def test_two_refunds_at_once_do_not_exceed_what_was_taken(payment: Payment) -> None:
    def give_back(_: int) -> bool:
        try:
            make_refund(payment, payment.captured)
        except IntegrityError:
            return False
        return True

    assert at_once(give_back, 8).count(True) == 1
    assert Refund.objects.count() == 1

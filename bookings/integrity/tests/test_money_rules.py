"""Each rule of money, broken by hand in a way that no constraint refuses, is found and named."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from accounts.models import User
from bookings.integrity.checks import find_breaches
from bookings.integrity.money_rules import MONEY_RULES
from bookings.models import Booking
from bookings.payments.models import Order, Payment, Refund
from bookings.payments.states import OrderState, PaymentState, RefundState
from bookings.services import cancel_booking
from bookings.show_changes.services import cancel_show
from tests.support.factories import make_booking, make_show, make_user
from tests.support.money import make_order, make_payment, make_refund

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def payment() -> Payment:
    booking = make_booking(make_show(starts_in=timedelta(hours=5)), ["A1", "A2"])
    order = make_order(booking, fee=40_00, policy="120:100,20:50", state=OrderState.PAID)
    return make_payment(order, PaymentState.CAPTURED)


@pytest.fixture
def manager() -> User:
    return make_user(is_staff=True)


def sql(statement: str, *values: int | str) -> None:
    """Change rows with the triggers off, as a restore of some tables could."""
    tables = ("payments_order", "payments_orderline", "payments_payment", "payments_refund")
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement, values)
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def broken() -> list[str]:
    return [breach.rule for breach in find_breaches()]


def test_what_the_services_write_breaks_no_rule(payment: Payment, manager: User) -> None:
    show = payment.order.show
    assert broken() == []
    other = make_order(make_booking(show, ["B1"]), fee=20_00, state=OrderState.PAID)
    make_payment(other, PaymentState.CAPTURE_DUE)
    unpaid = make_order(make_booking(show, ["B2"]), state=OrderState.UNPAID)
    make_payment(unpaid, PaymentState.VOIDED)
    late = make_order(make_booking(show, ["B3"]), state=OrderState.EXPIRED)
    surplus = make_payment(late, PaymentState.CAPTURED, surplus=True)
    make_refund(surplus, surplus.captured, source=Refund.Source.LATE)
    make_booking(show, ["B4"])
    gone = make_order(
        make_booking(show, ["C1"]), fee=20_00, policy="9000:100,0:50", state=OrderState.PAID
    )
    make_payment(gone, PaymentState.CAPTURED)
    assert broken() == []
    cancel_booking(user=gone.user, reference=gone.booking_reference)
    assert broken() == []
    cancel_show(by=manager, show_id=show.pk)
    assert broken() == []
    refund = Refund.objects.filter(payment=payment).get()
    Refund.objects.filter(pk=refund.pk).update(
        state=RefundState.FAILED, ended_at=refund.created_at, next_try_at=None
    )
    assert broken() == []


def total_without_a_line(payment: Payment) -> None:
    sql("DELETE FROM payments_orderline WHERE order_id = %s AND kind = 'FEE'", payment.order_id)


def another_seat(payment: Payment) -> None:
    sql("UPDATE payments_order SET seats = '{A1}' WHERE id = %s", payment.order_id)


def another_currency(payment: Payment) -> None:
    sql("UPDATE payments_payment SET currency = 'EUR' WHERE id = %s", payment.pk)


def no_payment(payment: Payment) -> None:
    sql("DELETE FROM payments_payment WHERE id = %s", payment.pk)


def voided(payment: Payment) -> None:
    sql(
        "UPDATE payments_payment SET state = 'VOIDED', captured = 0, captured_at = NULL"
        " WHERE id = %s",
        payment.pk,
    )


def money_of_nobody(payment: Payment) -> None:
    sql("UPDATE payments_order SET state = 'UNPAID' WHERE id = %s", payment.order_id)


def half_taken(payment: Payment) -> None:
    sql("UPDATE payments_payment SET amount = 1, captured = 1 WHERE id = %s", payment.pk)


def given_back_twice(payment: Payment) -> None:
    refund = make_refund(payment, 1)
    sql("UPDATE payments_refund SET amount = %s WHERE id = %s", payment.amount + 1, refund.pk)


def surplus_is_kept(payment: Payment) -> None:
    make_payment(payment.order, PaymentState.CAPTURED, surplus=True)


def lines_are_more(payment: Payment) -> None:
    line = payment.order.lines.get(seat="A1")
    make_refund(payment, 100, lines=[[line.pk, 101]])


def line_twice(payment: Payment) -> None:
    line = payment.order.lines.get(seat="A1")
    for _ in range(2):
        make_refund(payment, line.gross, lines=[[line.pk, line.gross]])


def booking_is_over(payment: Payment) -> None:
    booking = payment.order.booking
    booking.show.seats.filter(booking=booking).update(booking=None)
    Booking.objects.filter(pk=booking.pk).update(status="CANCELLED", ended_reason="customer")
    sql("UPDATE shows_show SET available_seats = total_seats WHERE id = %s", payment.order.show_id)


def booking_lives(payment: Payment) -> None:
    make_refund(payment, payment.amount)
    Order.objects.filter(pk=payment.order_id).update(state=OrderState.CANCELLED)


def show_keeps(payment: Payment) -> None:
    cancel_show(by=make_user(is_staff=True), show_id=payment.order.show_id)
    sql("DELETE FROM payments_refund WHERE payment_id = %s", payment.pk)


BREAKS: list[tuple[str, Callable[[Payment], None]]] = [
    ("an order's total is the sum of its lines", total_without_a_line),
    ("an order's seats and currency are those of its lines and payments", another_seat),
    ("an order's seats and currency are those of its lines and payments", another_currency),
    ("a paid order has one payment, which is taken or being taken", no_payment),
    ("a paid order has one payment, which is taken or being taken", voided),
    ("an order that is not paid keeps no money", money_of_nobody),
    ("what was taken for an order is its total", half_taken),
    ("no more is given back than was taken", given_back_twice),
    ("money that is not for its order goes back", surplus_is_kept),
    ("the lines of a refund fit it, and no line is given back twice", lines_are_more),
    ("the lines of a refund fit it, and no line is given back twice", line_twice),
    ("a live order is that of a live booking, with its seats", booking_is_over),
    ("a live order is that of a live booking, with its seats", booking_lives),
    ("a cancelled show keeps no money", show_keeps),
]


@pytest.mark.parametrize(("rule", "break_it"), BREAKS, ids=[b.__name__ for _, b in BREAKS])
def test_a_broken_rule_is_found(
    payment: Payment, rule: str, break_it: Callable[[Payment], None]
) -> None:
    break_it(payment)
    assert rule in broken()


def test_every_rule_is_broken_by_a_test() -> None:
    assert {rule for rule, _ in BREAKS} == set(MONEY_RULES)

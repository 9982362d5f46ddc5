"""What a booking costs: seats, booking fee, tax, in every kind of currency."""

from datetime import date
from decimal import Decimal

import pytest

from bookings import services
from bookings.errors import PaymentRequired
from bookings.models import Booking
from bookings.payments.models import Order
from bookings.payments.orders.payment_status import Status, payment_status
from bookings.payments.orders.prices import online_total, quote, seats_total
from bookings.payments.orders.writing import write_order
from bookings.payments.states import OrderState, PaymentState
from bookings.tax.models import TaxRule
from bookings.tax.services import save_rule
from bookmyshow.core.time import database_now
from tests.support.factories import make_booking, make_cinema, make_screen, make_show, make_user
from tests.support.money import make_order, make_payment, make_refund

pytestmark = pytest.mark.django_db


def held(price: str = "250", labels: str = "A1 A2", **cinema: object) -> Booking:
    screen = make_screen(cinema=make_cinema(**cinema))
    show = make_show(screen=screen, standard_price=Decimal(price), premium_price=Decimal(price))
    services.hold_seats(user=make_user(), show_id=show.pk, labels=labels.split())
    return Booking.objects.with_show().get()


@pytest.mark.parametrize(
    ("currency", "price", "fee", "seats", "total"),
    [
        ("INR", "250.50", "20", 501_00, 541_00),
        ("JPY", "1800", "100", 3600, 3800),
        ("KWD", "2.25", "0.10", 4500, 4700),
        ("INR", "250", "0", 500_00, 500_00),
        ("INR", "0", "20", 0, 0),
    ],
)
def test_the_total_is_seats_and_fee_in_the_minor_unit(
    currency: str, price: str, fee: str, seats: int, total: int
) -> None:
    booking = held(price, currency=currency, booking_fee=Decimal(fee))
    found = quote(booking)
    assert (found.currency, found.seats, found.total) == (currency, seats, total)
    assert found.fee == total - seats
    assert (seats_total(booking), online_total(booking)) == (seats, total)
    assert quote(booking, online=False).total == seats
    assert quote(booking, online=False).fee == 0


def test_a_fee_for_the_order_is_charged_once() -> None:
    booking = held(booking_fee=Decimal(30), booking_fee_per="order")
    *_, fee = quote(booking).lines
    assert (fee.text, fee.quantity, fee.gross, quote(booking).total) == (
        "Booking fee",
        1,
        30_00,
        530_00,
    )
    assert online_total(booking) == 530_00


def test_the_order_has_the_lines_and_taxes_of_the_quote() -> None:
    save_rule(
        TaxRule(
            kind=TaxRule.Kind.TICKET,
            place="IN",
            valid_from=date(2020, 1, 1),
            currency="INR",
            basis_points=1800,
            name="GST",
            code="999614",
            components=[["CGST", 900], ["SGST", 900]],
        )
    )
    booking = held("118", booking_fee=Decimal(20), tax_place="IN-MH")
    found = quote(booking)
    order = write_order(booking, found, now=database_now(), pay_until=booking.expires_at)
    lines = list(order.lines.all())
    assert [(x.kind, x.seat, x.quantity, x.gross, x.net, x.tax) for x in lines] == [
        ("SEAT", "A1", 1, 118_00, 100_00, 18_00),
        ("SEAT", "A2", 1, 118_00, 100_00, 18_00),
        ("FEE", "", 2, 40_00, 40_00, 0),
    ]
    assert (lines[0].tax_code, lines[0].tax_name) == ("999614", "GST")
    assert lines[0].tax_components == [["CGST", 900], ["SGST", 900]]
    assert order.total == found.total == 276_00
    assert (order.seats, order.starts_at) == (booking.seats, booking.show.starts_at)


def test_what_is_due_follows_the_booking_and_its_order() -> None:
    booking = held(booking_fee=Decimal(20))
    assert payment_status(booking).amount_due == 500_00
    order = make_order(booking, fee=40_00)
    opened = payment_status(booking)
    assert (opened.status, opened.amount_due, opened.order) == (Status.OPEN, 540_00, order)
    services.confirm_booking(user=booking.user, reference=booking.reference)
    booking = Booking.objects.with_show().get()
    # At the cinema there is no fee.
    assert payment_status(booking).amount_due == 500_00
    Order.objects.update(state=OrderState.PAID)
    payment = make_payment(order, PaymentState.CAPTURED)
    paid = payment_status(booking)
    assert (paid.status, paid.amount_due, paid.kept, paid.refunded) == (Status.PAID, 0, 540_00, 0)
    make_refund(payment, 100_00)
    part = payment_status(booking)
    assert (part.status, part.kept, part.refunded) == (Status.PARTLY_REFUNDED, 440_00, 100_00)
    make_refund(payment, 440_00)
    assert payment_status(booking).status == Status.REFUNDED


def test_a_ticket_without_an_order_is_due_at_the_cinema() -> None:
    booking = make_booking(make_show(), ["A1"])
    found = payment_status(Booking.objects.with_show().get(pk=booking.pk))
    assert (found.status, found.amount_due, found.order) == (Status.NONE, 250_00, None)


def test_without_paying_at_the_cinema_only_what_is_free_is_confirmed_directly(
    settings: object,
) -> None:
    settings.PAY_AT_CINEMA = False  # type: ignore[attr-defined]
    booking = held()
    with pytest.raises(PaymentRequired) as refused:
        services.confirm_booking(user=booking.user, reference=booking.reference)
    assert refused.value.details == {"checkout": f"/api/bookings/{booking.pk}/checkout"}
    booking.refresh_from_db()
    assert booking.status == Booking.Status.PENDING
    assert payment_status(booking).amount_due == 500_00


def test_a_free_booking_is_confirmed_without_a_payment(settings: object) -> None:
    settings.PAY_AT_CINEMA = False  # type: ignore[attr-defined]
    booking = held("0")
    confirmed = services.confirm_booking(user=booking.user, reference=booking.reference)
    assert confirmed.status == Booking.Status.CONFIRMED

"""docs/api.md's payments: the checkout endpoint, and what a booking says about its money."""

import urllib.request
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import User
from bookings import services
from bookings.models import Booking
from bookings.payments.models import Order, Payment
from bookings.payments.settlement.observe import observe
from shows.models import Show
from tests.support.api_client import ApiInProcess, Reply
from tests.support.factories import (
    begin,
    lapse,
    make_booking,
    make_cinema,
    make_screen,
    make_show,
    make_user,
)
from tests.support.money import make_order, make_payment
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
CHECKOUT_FIELDS = {"checkoutUrl", "checkoutForm", "expiresAt", "total", "currency", "lines"}
LINE_FIELDS = {"kind", "text", "seat", "quantity", "amount", "tax", "taxName"}


@pytest.fixture
def show(transactional_db: None) -> Show:
    return make_show(screen=make_screen(cinema=make_cinema(booking_fee=20)))


@pytest.fixture
def held(show: Show) -> Booking:
    return services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1", "A2"])


def check_out(api: ApiInProcess, booking: Booking, by: User | None = None) -> Reply:
    return api.post(f"bookings/{booking.pk}/checkout", by=by or booking.user)


def money(api: ApiInProcess, booking: Booking) -> tuple[str, str, str]:
    data = api.get(f"bookings/{booking.pk}", by=booking.user).data
    return data["status"], data["paymentStatus"], data["amountDue"]


def test_a_checkout_has_the_providers_page_the_time_and_every_line(
    quick_api: ApiInProcess, held: Booking, sandbox: Sandbox
) -> None:
    assert money(quick_api, held) == ("PENDING", "none", "500.00")
    reply = check_out(quick_api, held)
    assert reply.status == 200
    assert reply.data.keys() == CHECKOUT_FIELDS
    assert (reply.data["total"], reply.data["currency"]) == ("540.00", "INR")
    assert reply.data["checkoutForm"] is None
    assert [line.keys() for line in reply.data["lines"]] == [LINE_FIELDS] * 3
    told = [(line["kind"], line["seat"], line["amount"]) for line in reply.data["lines"]]
    assert told == [("seat", "A1", "250.00"), ("seat", "A2", "250.00"), ("fee", None, "40.00")]
    assert reply.data["expiresAt"].endswith("+05:30")
    with urllib.request.urlopen(reply.data["checkoutUrl"]) as page:
        assert "540" in page.read().decode()
    assert check_out(quick_api, held).data == reply.data, "asking again opens nothing new"
    assert money(quick_api, held) == ("PENDING", "open", "540.00")


def test_a_paid_booking_is_confirmed_and_nothing_is_due(
    quick_api: ApiInProcess, held: Booking, sandbox: Sandbox
) -> None:
    check_out(quick_api, held)
    payment = Payment.objects.get()
    sandbox.pay(payment.reference)
    observe(payment.pk)
    assert money(quick_api, held) == ("CONFIRMED", "paid", "0.00")
    assert check_out(quick_api, held).problem == (409, "ALREADY_PAID")


def test_a_ticket_to_be_paid_at_the_cinema_can_be_paid_online(
    quick_api: ApiInProcess, show: Show, sandbox: Sandbox
) -> None:
    ticket = make_booking(show, ["A1"])
    assert money(quick_api, ticket) == ("CONFIRMED", "none", "250.00")
    assert check_out(quick_api, ticket).data["total"] == "270.00"


def test_a_provider_with_a_form_gives_its_fields(
    quick_api: ApiInProcess, held: Booking, razorpay_sandbox: Sandbox
) -> None:
    form = check_out(quick_api, held).data["checkoutForm"]
    assert form["order_id"] == Payment.objects.get().reference


def test_where_nothing_is_paid_at_the_cinema_confirming_asks_for_the_checkout(
    quick_api: ApiInProcess, held: Booking, settings: Settings
) -> None:
    settings.PAYMENTS, settings.PAY_AT_CINEMA = "sandbox", False
    assert money(quick_api, held) == ("PENDING", "none", "540.00")
    reply = quick_api.call("PATCH", f"bookings/{held.pk}/confirm", by=held.user)
    assert reply.problem == (402, "PAYMENT_REQUIRED")
    assert reply.details == {"checkout": f"/api/bookings/{held.pk}/checkout"}


def test_what_costs_nothing_is_confirmed_everywhere(
    quick_api: ApiInProcess, settings: Settings
) -> None:
    settings.PAYMENTS, settings.PAY_AT_CINEMA = "sandbox", False
    show = make_show(standard_price=Decimal(0), premium_price=Decimal(0))
    free = services.hold_seats(user=make_user(), show_id=show.pk, labels=["A1"])
    assert check_out(quick_api, free).problem == (409, "NOTHING_TO_PAY")
    reply = quick_api.call("PATCH", f"bookings/{free.pk}/confirm", by=free.user)
    assert (reply.status, reply.data["amountDue"]) == (200, "0.00")


def test_a_site_that_sells_nothing_online_has_no_checkout(
    quick_api: ApiInProcess, held: Booking
) -> None:
    assert check_out(quick_api, held).problem == (409, "PAYMENTS_OFF")


def test_a_checkout_is_refused_once_it_is_too_late(
    quick_api: ApiInProcess, held: Booking, show: Show, sandbox: Sandbox
) -> None:
    lapse(held)
    assert check_out(quick_api, held).problem == (409, "BOOKING_EXPIRED")
    ticket = make_booking(show, ["B1"])
    begin(show)
    assert check_out(quick_api, ticket).problem == (409, "SHOW_NOT_BOOKABLE")


def test_only_the_owner_has_a_checkout(
    quick_api: ApiInProcess, held: Booking, sandbox: Sandbox
) -> None:
    for caller in (make_user(), make_user(is_superuser=True)):
        assert check_out(quick_api, held, caller).problem == (404, "NOT_FOUND")
    assert not Order.objects.exists()


def test_a_provider_that_does_not_answer_is_a_503_that_can_be_repeated(
    quick_api: ApiInProcess, held: Booking, sandbox: Sandbox
) -> None:
    sandbox.fault("drop", "create", times=-1)
    reply = check_out(quick_api, held)
    assert reply.problem == (503, "PROVIDER_UNAVAILABLE")
    assert int(reply.headers["Retry-After"]) > 0
    sandbox.calm()
    assert check_out(quick_api, held).status == 200
    assert len(sandbox.all_facts()) == 1


@pytest.mark.parametrize(
    ("order", "payment", "expected"),
    [
        ("PAID", "CAPTURED", ("paid", "0.00")),
        ("PAID", "CAPTURE_DUE", ("paid", "0.00")),
        ("UNPAID", "VOIDED", ("unpaid", "540.00")),
        ("EXPIRED", "CANCELLED", ("ended", "500.00")),
    ],
)
def test_a_booking_says_how_its_payment_stands(
    quick_api: ApiInProcess, show: Show, order: str, payment: str, expected: tuple[str, str]
) -> None:
    ticket = make_booking(show, ["A1", "A2"])
    make_payment(make_order(ticket, fee=4000, state=order), payment)
    assert money(quick_api, ticket)[1:] == expected
    assert money_in_list(quick_api, ticket) == expected


def money_in_list(api: ApiInProcess, booking: Booking) -> tuple[str, str]:
    (data,) = api.get("auth/bookings", by=booking.user).data
    return data["paymentStatus"], data["amountDue"]


def test_a_hold_costs_no_statement_more_because_it_may_be_paid_for(
    quick_api: ApiInProcess, show: Show
) -> None:
    def statements_about_money() -> list[Any]:
        body = {"showId": show.pk, "seats": [{"seatNumber": "A1"}]}
        with CaptureQueriesContext(connection) as found:
            assert quick_api.post("bookings", body, by=make_user()).status == 201
        return [each for each in found if 'FROM "payments_' in each["sql"].split("EXISTS")[0]]

    assert statements_about_money() == []

"""What the page of a booking says and offers, by how its payment stands."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from bookings import services
from bookings.models import Booking
from bookings.payments.checkout.pages import ASK_FOR, FRESH
from bookings.payments.models import Order, Payment
from bookings.payments.states import OrderState, PaymentState
from shows.models import Show
from tests.support.factories import begin, lapse, make_booking, make_show, make_user
from tests.support.money import make_order, make_payment

pytestmark = pytest.mark.django_db
PAGE_OF_PROVIDER = "http://localhost:8999/pay/cs_test"
S = PaymentState


@pytest.fixture(autouse=True)
def sells_online(settings: Settings) -> None:
    settings.PAYMENTS = "sandbox"
    settings.PAY_AT_CINEMA = True


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def show() -> Show:
    return make_show()


@pytest.fixture
def held(user: User, show: Show) -> Booking:
    return services.hold_seats(user=user, show_id=show.pk, labels=["D2", "E1"])


def pays(booking: Booking, state: str, *, order: str = OrderState.OPEN, **fields: Any) -> Payment:
    """The online payment of a booking, in this state."""
    values = {"checkout_url": PAGE_OF_PROVIDER, "opened_at": timezone.now()}
    return make_payment(make_order(booking, fee=4000, state=order), state, **(values | fields))


def page(client: Client, booking: Booking, query: str = "") -> str:
    return client.get(booking.get_absolute_url() + query).content.decode()


def just_back() -> str:
    return f"?back={int(timezone.now().timestamp())}"


def test_before_paying_the_bill_the_terms_and_both_ways_are_on_one_page(
    client: Client, held: Booking, show: Show, settings: Settings
) -> None:
    settings.CANCELLATION_POLICY = "120:100,20:50"
    show.screen.cinema.booking_fee = 20
    show.screen.cinema.save()
    body = page(client, held)
    for words in ("D2", "₹250", "E1", "₹400", "Booking fee", "₹40"):
        assert words in body
    assert "Pay ₹690" in body
    assert "Confirm, pay ₹650 at the cinema" in body
    assert "no booking fee at the cinema" in body
    assert "50 % of the ticket price back" in body
    assert "The booking fee is kept" in body
    assert "Test mode" in body
    assert body.count("button--primary") == 1


def test_a_site_that_sells_at_the_cinema_only_has_one_button_and_no_fee(
    client: Client, held: Booking, show: Show, settings: Settings
) -> None:
    settings.PAYMENTS = ""
    show.screen.cinema.booking_fee = 20
    show.screen.cinema.save()
    body = page(client, held)
    assert "Confirm, pay ₹650 at the cinema" in body
    assert body.count("button--primary") == 1
    for words in ("Booking fee", "Test mode", "/pay/"):
        assert words not in body


def test_a_site_that_sells_online_only_has_no_other_button(
    client: Client, held: Booking, settings: Settings
) -> None:
    settings.PAY_AT_CINEMA = False
    body = page(client, held)
    assert "Pay ₹650" in body
    assert "at the cinema" not in body
    assert "/confirm/" not in body


def test_what_costs_nothing_is_confirmed(client: Client, user: User) -> None:
    free = make_show(standard_price=Decimal(0), premium_price=Decimal(0))
    held = services.hold_seats(user=user, show_id=free.pk, labels=["A1"])
    body = page(client, held)
    assert re.search(r">Confirm</button>", body)
    assert "/pay/" not in body


def test_while_paying_the_page_leads_back_to_the_open_payment(
    client: Client, held: Booking
) -> None:
    payment = pays(held, S.OPEN)
    body = page(client, held)
    assert "You are paying" in body
    assert f'href="{PAGE_OF_PROVIDER}"' in body
    assert "Release seats" in body
    (seconds,) = map(int, re.findall(r'data-seconds="(\d+)"', body))
    assert 0 < seconds <= 100, "twenty seconds before the hold ends"
    assert payment.order.pay_until < held.expires_at


def test_a_provider_that_wants_a_form_gets_one(client: Client, held: Booking) -> None:
    pays(held, S.OPEN, checkout_form={"key_id": "rzp_test_1", "order_id": "order_9"})
    body = page(client, held)
    assert f'<form action="{PAGE_OF_PROVIDER}" method="post">' in body
    assert 'name="order_id" value="order_9"' in body
    form = body[body.index(f'action="{PAGE_OF_PROVIDER}"') :]
    assert "csrfmiddlewaretoken" not in form[: form.index("</form>")], "it goes to another site"


def test_a_declined_payment_can_be_tried_again(client: Client, held: Booking) -> None:
    pays(held, S.FAILED, last_error="card_declined")
    body = page(client, held)
    assert "Your payment was declined." in body
    assert "Nothing was taken" in body
    assert "Pay ₹650" in body


@pytest.mark.parametrize("state", [S.AUTHORISED, S.CANCEL_DUE])
def test_until_the_provider_has_told_the_page_asks_by_itself(
    client: Client, held: Booking, state: str
) -> None:
    payment = pays(held, state)
    body = page(client, held)
    assert "we are checking your payment" in body
    assert 'hx-trigger="every 2s"' in body
    assert '<noscript><meta http-equiv="refresh" content="4"></noscript>' in body
    Payment.objects.filter(pk=payment.pk).update(updated_at=timezone.now() - ASK_FOR)
    body = page(client, held)
    assert "is taking longer than usual" in body
    assert "hx-trigger" not in body
    assert "http-equiv" not in body


def test_a_buyer_who_is_back_is_told_that_we_ask(client: Client, held: Booking) -> None:
    pays(held, S.OPEN)
    body = page(client, held, just_back())
    assert "we are checking your payment" in body
    assert "I have not paid yet" in body
    long_ago = int((timezone.now() - ASK_FOR).timestamp()) - 1
    Payment.objects.update(updated_at=timezone.now() - ASK_FOR)
    assert "is taking longer than usual" in page(client, held, f"?back={long_ago}")


def test_the_list_says_what_is_being_paid_with_the_fee(client: Client, held: Booking) -> None:
    pays(held, S.OPEN)
    body = client.get("/bookings/").content.decode()
    assert "Being paid" in body
    assert "₹690" in body
    assert "₹650" not in body


def test_after_the_end_of_its_payment_a_hold_can_be_paid_at_the_cinema_only(
    client: Client, held: Booking
) -> None:
    pays(held, S.CANCELLED, order=Order.State.EXPIRED)
    body = page(client, held)
    assert "Confirm, pay ₹650 at the cinema" in body
    assert "/pay/" not in body


def test_when_the_time_is_over_the_page_asks_how_it_ended_however_long_ago_paying_began(
    client: Client, held: Booking
) -> None:
    now = timezone.now()
    payment = pays(held, S.OPEN, updated_at=now - ASK_FOR)
    Order.objects.filter(pk=payment.order_id).update(pay_until=now)
    assert "we are checking your payment" in page(client, held)
    Order.objects.filter(pk=payment.order_id).update(pay_until=now - ASK_FOR)
    assert "is taking longer than usual" in page(client, held)


@pytest.mark.parametrize("back", ["", "x", "-1", "٣", "9" * 11, "9" * 10])
def test_nonsense_in_the_address_does_no_harm(client: Client, held: Booking, back: str) -> None:
    pays(held, S.OPEN)
    assert client.get(held.get_absolute_url(), {"back": back}).status_code == 200


def test_a_payment_that_never_opened_can_be_begun_again(client: Client, held: Booking) -> None:
    pays(held, S.CREATED, checkout_url="", reference="", charge="")
    assert "Pay ₹650" in page(client, held)


def test_a_payment_under_review_asks_nothing_of_the_buyer(client: Client, held: Booking) -> None:
    pays(held, S.REVIEW, review="wrong amount")
    body = page(client, held)
    assert "We are looking at your payment" in body
    assert "wrong amount" not in body


def test_money_that_came_too_late_is_on_its_way_back(client: Client, held: Booking) -> None:
    pays(held, S.VOID_DUE, order=OrderState.EXPIRED)
    lapse(held)
    body = page(client, held)
    assert "Your payment came too late" in body
    assert "Your ₹690 is on its way back." in body
    assert "Nothing was charged" not in body


def test_money_of_another_amount_is_on_its_way_back_while_the_hold_stays(
    client: Client, held: Booking
) -> None:
    pays(held, S.VOID_DUE, surplus=True)
    body = page(client, held)
    assert "Your ₹690 is on its way back." in body
    assert "Pay ₹650" in body


def test_money_that_was_paid_twice_is_said_on_the_ticket_for_some_days(
    client: Client, user: User, show: Show
) -> None:
    ticket = make_booking(show, ["A1"], user=user)
    order = make_order(ticket, state=OrderState.PAID)
    make_payment(order, S.CAPTURED)
    second = make_payment(order, S.CAPTURED, surplus=True)
    body = page(client, ticket)
    assert "₹250 paid online" in body
    assert "Your ₹250 is on its way back." in body
    Payment.objects.filter(pk=second.pk).update(updated_at=timezone.now() - FRESH)
    assert "way back" not in page(client, ticket)


def test_money_that_came_late_for_free_seats_leads_to_the_new_ticket(
    client: Client, user: User, show: Show, held: Booking
) -> None:
    lapse(held)
    again = make_booking(show, held.seats, user=user)
    body = page(client, held)
    assert "These seats are yours" in body
    assert again.get_absolute_url() in body
    assert "Nothing was charged" not in body
    order = make_order(again, state=OrderState.PAID)
    Order.objects.filter(pk=order.pk).update(created_at=held.created_at)
    make_payment(order, S.CAPTURED)
    assert "under this new reference" in page(client, again)


@pytest.mark.parametrize("state", [S.OPEN, S.CANCEL_DUE])
def test_a_hold_that_ended_while_paying_says_what_becomes_of_the_payment(
    client: Client, held: Booking, state: str
) -> None:
    pays(held, state)
    lapse(held)
    Order.objects.update(pay_until=held.expires_at)
    body = page(client, held)
    assert "We are ending your payment" in body
    assert "Nothing was charged" not in body
    Payment.objects.update(state=S.CANCELLED)
    assert "Nothing was charged" in page(client, held)


def test_a_show_that_was_cancelled_while_paying_gives_the_money_back(
    client: Client, held: Booking
) -> None:
    pays(held, S.VOID_DUE, order=OrderState.CANCELLED)
    Booking.objects.filter(pk=held.pk).update(status="FAILED", ended_reason="cinema")
    body = page(client, held)
    assert "The cinema cancelled this show" in body
    assert "on its way back" in body


def test_a_ticket_says_what_is_to_be_paid_and_offers_to_pay_it_now(
    client: Client, user: User, show: Show
) -> None:
    ticket = make_booking(show, ["A1"], user=user)
    body = page(client, ticket)
    assert "To pay at the cinema: <b>₹250</b>" in body
    assert "Pay ₹250 online now" in body
    begin(show)
    body = page(client, ticket)
    assert "To pay at the cinema: <b>₹250</b>" in body
    assert "online now" not in body


def test_a_ticket_that_is_paid_says_how_and_when(client: Client, user: User, show: Show) -> None:
    ticket = make_booking(show, ["A1"], user=user)
    make_payment(make_order(ticket, state=OrderState.PAID), S.CAPTURED)
    body = page(client, ticket)
    assert "₹250 paid online" in body
    assert "To pay at the cinema" not in body
    assert "online now" not in body


def test_money_that_was_refused_after_confirming_is_asked_for_again(
    client: Client, user: User, show: Show
) -> None:
    ticket = make_booking(show, ["A1"], user=user)
    make_payment(make_order(ticket, fee=2000, state=OrderState.UNPAID), S.VOIDED)
    body = page(client, ticket)
    assert "Your payment of ₹270 did not go through." in body
    assert "Pay ₹270 online now" in body


def test_a_ticket_that_is_being_paid_keeps_its_seats_meanwhile(
    client: Client, user: User, show: Show
) -> None:
    ticket = make_booking(show, ["A1"], user=user)
    payment = pays(ticket, S.OPEN)
    assert "You have begun to pay" in page(client, ticket)
    assert "whether you have paid" in page(client, ticket, just_back())
    Payment.objects.filter(pk=payment.pk).update(state=S.FAILED)
    assert "Your payment was declined." in page(client, ticket)


def test_only_pages_with_a_way_to_the_provider_are_open_to_it(
    client: Client, user: User, held: Booking, settings: Settings
) -> None:
    other = client.get(reverse("bookings:list"))
    assert "form-action 'self';" in other["Content-Security-Policy"] + ";"
    assert "payment=()" in other["Permissions-Policy"]
    response = client.get(held.get_absolute_url())
    (allowed,) = re.findall(r"form-action ([^;]*)", response["Content-Security-Policy"])
    assert allowed.startswith("'self' http://localhost:")
    assert 'payment=("http://localhost:' in response["Permissions-Policy"]
    paid = make_booking(make_show(), ["A1"], user=user)
    make_payment(make_order(paid, state=OrderState.PAID), S.CAPTURED)
    closed = [client.get(paid.get_absolute_url())]
    settings.PAYMENTS = ""
    closed.append(client.get(held.get_absolute_url()))
    for response in closed:
        assert re.findall(r"form-action ([^;]*)", response["Content-Security-Policy"]) == ["'self'"]
        assert "payment=()" in response["Permissions-Policy"]


def test_the_stage_tells_the_page_when_something_has_changed(client: Client, held: Booking) -> None:
    payment = pays(held, S.OPEN)
    address = reverse("bookings:payment-stage", args=[held.reference])
    same = client.get(address, {"seen": "paying"}, headers={"HX-Request": "true"})
    assert same.json()["status"] == "PENDING"
    assert 0 < same.json()["seconds"] <= 100
    assert "HX-Redirect" not in same
    Payment.objects.filter(pk=payment.pk).update(state=S.FAILED)
    changed = client.get(address, {"seen": "paying"}, headers={"HX-Request": "true"})
    assert changed.json()["status"] == "CHANGED"
    assert changed["HX-Redirect"] == held.get_absolute_url()


def test_the_pages_cost_few_statements_however_many_the_seats(
    client: Client, user: User, show: Show
) -> None:
    def statements(booking: Booking) -> int:
        with CaptureQueriesContext(connection) as found:
            page(client, booking)
        return len(found)

    def paid(*seats: str) -> Booking:
        ticket = make_booking(make_show(), seats, user=user)
        make_payment(make_order(ticket, state=OrderState.PAID), S.CAPTURED)
        return ticket

    held = services.hold_seats(user=user, show_id=show.pk, labels=["D2"])
    one = statements(held)
    held = services.hold_seats(user=user, show_id=show.pk, labels=["D2", "E1", "E2"])
    assert statements(held) <= one <= 8
    pays(held, S.OPEN)
    assert statements(held) <= 6
    # What cancelling would give back is read from the order's lines, payments and refunds.
    assert statements(paid("A1")) == statements(paid("A1", "A2", "E1")) <= 14


def test_hold_time_that_ran_out_at_the_provider_is_checked(client: Client, held: Booking) -> None:
    payment = pays(held, S.OPEN)
    Order.objects.update(pay_until=timezone.now() - timedelta(seconds=1))
    assert "we are checking" in page(client, held)
    assert payment.order.state == OrderState.OPEN

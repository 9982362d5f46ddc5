"""What the pages of a ticket say before it is cancelled, and after."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client

from accounts.outbox.sending import send_due
from bookings.models import Booking
from bookings.payments.models import Order, Payment, Refund
from bookings.payments.states import OrderState, PaymentState, RefundState
from bookings.show_changes.services import move_show
from bookmyshow.core.time import database_now
from tests.support.factories import make_booking, make_show, make_user
from tests.support.money import make_order, make_payment, make_refund

pytestmark = pytest.mark.django_db


@pytest.fixture
def payment() -> Payment:
    """Two seats of ₹250 with a fee of ₹40, half back until an hour before."""
    booking = make_booking(make_show(starts_in=timedelta(hours=3)), ["A1", "A2"])
    order = make_order(booking, fee=40_00, policy="240:100,60:50", state=OrderState.PAID)
    return make_payment(order, PaymentState.CAPTURED)


@pytest.fixture
def client(payment: Payment) -> Client:
    client = Client()
    client.force_login(payment.order.user)
    return client


def page_of(client: Client, payment: Payment) -> str:
    """The page's text without its line breaks and double spaces."""
    text = client.get(f"/bookings/{payment.order.booking_reference}/").text
    return " ".join(text.split())


def cancel(client: Client, payment: Payment, **posted: object) -> str:
    address = f"/bookings/{payment.order.booking_reference}/cancel/"
    return " ".join(client.post(address, posted, follow=True).text.split())


def test_the_ticket_says_what_comes_back_and_then_that_it_is_on_its_way(
    client: Client, payment: Payment
) -> None:
    page = page_of(client, payment)
    assert "<b>₹250 of ₹540 comes back</b>" in page
    assert "the ₹40 booking fee is kept" in page
    assert "Later: nothing back." in page
    assert "Yes, cancel and send ₹250 back" in page
    ended = cancel(client, payment, back=250_00)
    assert "<b>₹250 is on its way back to you.</b>" in ended
    assert "₹290 of what you paid is kept" in ended


def test_a_page_that_is_too_old_cancels_nothing_and_says_why(
    client: Client, payment: Payment
) -> None:
    text = cancel(client, payment, back=500_00)
    assert "the time for that refund has passed" in text
    assert "<b>₹250 of ₹540 comes back</b>" in text
    assert Booking.objects.get().status == "CONFIRMED"


@pytest.mark.parametrize("back", ["", "-1", "x", "9" * 20])
def test_a_form_without_a_sensible_amount_cancels_by_the_policy(
    client: Client, payment: Payment, back: str
) -> None:
    cancel(client, payment, back=back)
    assert Refund.objects.get().amount == 250_00


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (RefundState.DUE, "is on its way back to you"),
        (RefundState.SENT, "was sent back to you"),
        (RefundState.SUCCEEDED, "was given back to you"),
        (RefundState.FAILED, "could not be sent back to you yet"),
        (RefundState.MANUAL, "waits for you at the cinema"),
    ],
)
def test_a_refund_is_told_in_each_of_its_states(
    client: Client, payment: Payment, state: RefundState, words: str
) -> None:
    make_refund(payment, 100_00, state=state, sent_at=database_now())
    page = page_of(client, payment)
    assert "₹100" in page
    assert words in page


def test_a_refund_that_was_tried_again_is_told_once(client: Client, payment: Payment) -> None:
    failed = make_refund(payment, 100_00, state=RefundState.FAILED)
    make_refund(payment, 100_00, retry_of=failed)
    page = page_of(client, payment)
    assert "could not be sent" not in page
    assert page.count("is on its way back to you") == 1


def test_after_a_move_the_ticket_offers_to_keep_it_or_to_take_all_back(
    client: Client, payment: Payment
) -> None:
    order = payment.order
    Order.objects.update(policy="9000:100,60:0")
    move_show(
        by=make_user(is_staff=True),
        show_id=order.show_id,
        starts_at=order.starts_at + timedelta(hours=1),
    )
    send_due()
    (message,) = mail.outbox
    assert "All that you paid for it then comes back" in " ".join(str(message.body).split())
    page = page_of(client, payment)
    assert "The cinema moved this show" in page
    assert "<b>Or take your money back:</b> all ₹540, until the show begins." in page
    assert "₹540 is on its way back" in cancel(client, payment, back=540_00)


def test_a_ticket_that_was_not_paid_says_nothing_about_money() -> None:
    booking = make_booking(make_show(), ["A1"])
    client = Client()
    client.force_login(booking.user)
    page = client.get(f"/bookings/{booking.reference}/").text
    assert "comes back" not in page
    assert "Yes, cancel the booking" in page
    ended = client.post(f"/bookings/{booking.reference}/cancel/", follow=True).text
    assert "is kept" not in ended


def test_money_that_is_only_reserved_is_not_taken(client: Client, payment: Payment) -> None:
    other = make_booking(payment.order.show, ["B1"], user=payment.order.user)
    reserved = make_payment(make_order(other, state=OrderState.PAID), PaymentState.CAPTURE_DUE)
    assert "Your payment of ₹250 is not taken then" in page_of(client, reserved)


def test_what_was_paid_at_the_counter_is_fetched_there(client: Client, payment: Payment) -> None:
    other = make_booking(payment.order.show, ["B1"], user=payment.order.user)
    order = make_order(other, state=OrderState.PAID)
    cash = make_payment(order, PaymentState.CAPTURED, provider="counter", reference="")
    assert "pick it up at the cinema’s counter" in page_of(client, cash)
    assert "<b>₹250 waits for you at the cinema.</b>" in cancel(client, cash, back=250_00)

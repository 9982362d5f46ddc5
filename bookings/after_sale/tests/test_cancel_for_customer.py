"""Staff cancel one booking, and what becomes of its money."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client

from accounts.models import MANAGERS, User
from accounts.outbox.sending import send_due
from accounts.staff.roles import BOX_OFFICE, READ_ONLY
from bookings.after_sale.services import Back, cancel_for_customer
from bookings.errors import BookingNotPending, ShowIsOver
from bookings.models import Booking
from bookings.payments.errors import PaymentDisputed
from bookings.payments.models import Dispute, Order, Payment, Refund
from bookings.payments.states import OrderState, PaymentState
from shows.models import Seat, Show
from tests.support.admin_site import staff_client
from tests.support.factories import begin, make_booking, make_show, make_user
from tests.support.money import make_order, make_payment

pytestmark = pytest.mark.django_db
REASON = "The customer fell ill"


@pytest.fixture
def clerk() -> User:
    return make_user(is_staff=True)


@pytest.fixture
def show() -> Show:
    return make_show()


@pytest.fixture
def payment(show: Show) -> Payment:
    order = make_order(
        make_booking(show, ["A1", "A2"]), fee=40_00, policy="9000:100,0:50", state=OrderState.PAID
    )
    return make_payment(order, PaymentState.CAPTURED)


def cancel(payment: Payment, by: User, back: Back) -> int:
    done = cancel_for_customer(by=by, booking_id=payment.order.booking_id, back=back, reason=REASON)
    return done.money.total


@pytest.mark.parametrize(
    ("back", "total"), [(Back.EVERYTHING, 540_00), (Back.POLICY, 250_00), (Back.NOTHING, 0)]
)
def test_staff_choose_what_goes_back(payment: Payment, clerk: User, back: Back, total: int) -> None:
    assert cancel(payment, clerk, back) == total
    booking = Booking.objects.get()
    assert (booking.status, booking.ended_reason) == ("CANCELLED", "cinema")
    assert not Seat.objects.filter(booking=booking).exists()
    assert Order.objects.get().state == OrderState.CANCELLED
    assert [refund.amount for refund in Refund.objects.all()] == ([total] if total else [])
    assert all((r.source, r.by, r.reason) == ("STAFF", clerk, REASON) for r in Refund.objects.all())
    line = LogEntry.objects.get()
    assert line.change_message.startswith("Booking cancelled;")
    assert REASON in line.change_message


def test_the_customer_gets_a_mail_without_the_reason(payment: Payment, clerk: User) -> None:
    cancel(payment, clerk, Back.EVERYTHING)
    assert send_due().sent == 1
    (message,) = mail.outbox
    assert message.subject.startswith("Your booking is cancelled: Anatomy of a Fall")
    assert "₹540 goes back" in str(message.body)
    assert REASON not in str(message.body)


def test_a_ticket_is_cancelled_until_its_show_is_over(
    payment: Payment, clerk: User, show: Show
) -> None:
    begin(show)
    past = show.starts_at + timedelta(seconds=1)
    Show.objects.filter(pk=show.pk).update(ends_at=past, busy_until=past)
    with pytest.raises(ShowIsOver):
        cancel(payment, clerk, Back.EVERYTHING)
    begin(show)
    assert cancel(payment, clerk, Back.EVERYTHING) == 540_00
    with pytest.raises(BookingNotPending):
        cancel(payment, clerk, Back.EVERYTHING)


def test_a_disputed_payment_is_not_paid_back_as_well(payment: Payment, clerk: User) -> None:
    Dispute.objects.create(
        show_id=payment.show_id,
        payment=payment,
        provider="sandbox",
        reference="dp_1",
        amount=payment.amount,
        currency="INR",
        state=Dispute.State.NEEDS_RESPONSE,
    )
    with pytest.raises(PaymentDisputed):
        cancel(payment, clerk, Back.EVERYTHING)
    assert cancel(payment, clerk, Back.NOTHING) == 0
    assert Booking.objects.get().status == "CANCELLED"


def client_of(role: str) -> Client:
    person = make_user(is_staff=True)
    person.groups.add(Group.objects.get(name=role))
    person.refresh_from_db()
    client = Client()
    client.force_login(person)
    return client


def test_the_page_offers_the_amounts_and_cancels(payment: Payment) -> None:
    client = staff_client()
    page = f"/admin/bookings/booking/{payment.order.booking_id}"
    assert f"{page}/cancel/" in client.get(f"{page}/change/").text
    text = client.get(f"{page}/cancel/").text
    assert "Give back everything: ₹540" in text
    assert "As if the customer cancelled now: ₹250" in text
    missing = client.post(f"{page}/cancel/", {"back": "everything", "reason": ""})
    assert "This field is required" in missing.text
    done = client.post(f"{page}/cancel/", {"back": "policy", "reason": REASON}, follow=True).text
    assert "₹250 goes back" in done
    assert f"{page}/cancel/" not in done
    assert "₹250 back" in done


def test_nothing_is_asked_about_money_that_was_not_paid(show: Show) -> None:
    booking = make_booking(show, ["B1"])
    page = f"/admin/bookings/booking/{booking.pk}/cancel/"
    client = staff_client()
    assert "Give back" not in client.get(page).text
    done = client.post(page, {"reason": REASON}, follow=True)
    assert "Nothing goes back" in done.text
    assert Booking.objects.get(pk=booking.pk).status == "CANCELLED"


@pytest.mark.parametrize(
    ("role", "cancels", "refunds"),
    [(MANAGERS, 200, 200), (BOX_OFFICE, 200, 403), (READ_ONLY, 403, 403)],
)
def test_who_may_cancel_and_who_may_give_money_back(
    payment: Payment, role: str, cancels: int, refunds: int
) -> None:
    client = client_of(role)
    order = payment.order
    page = f"/admin/bookings/booking/{order.booking_id}"
    assert client.get(f"{page}/cancel/").status_code == cancels
    assert client.get(f"/admin/payments/order/{order.pk}/refund/").status_code == refunds
    text = client.get(f"{page}/change/").text
    assert ("Cancel this booking" in text) == (cancels == 200)
    assert ("Give money back" in text) == (refunds == 200)


def test_chosen_seats_are_refunded_and_the_ticket_stays_good(payment: Payment) -> None:
    client = staff_client()
    order = payment.order
    page = f"/admin/payments/order/{order.pk}/refund/"
    seat = order.lines.get(seat="A2")
    assert "Seat: ₹250" in client.get(page).text
    nothing: dict[str, Any] = {"reason": REASON}
    assert "Choose what is given back" in client.post(page, nothing).text
    done = client.post(page, {"lines": [seat.pk, seat.pk], "reason": REASON}, follow=True).text
    assert "₹250 will be given back" in done
    refund = Refund.objects.get()
    assert (refund.amount, refund.lines) == (250_00, [[seat.pk, 250_00]])
    assert Booking.objects.get().status == "CONFIRMED"
    assert Order.objects.get().state == OrderState.PAID
    left = client.get(page).text
    assert f'value="{seat.pk}"' not in left
    rest = [line.pk for line in order.lines.exclude(pk=seat.pk)]
    client.post(page, {"lines": rest, "reason": REASON})
    assert sorted(r.amount for r in Refund.objects.all()) == [250_00, 290_00]
    assert "nothing left to give back" in client.get(page).text

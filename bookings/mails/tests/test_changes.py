"""The mails about what changed, and that nobody is told the same thing twice."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db.models import F

from accounts.outbox.registry import Drop
from accounts.outbox.sending import send_due
from bookings import services
from bookings.after_sale.services import Back, cancel_for_customer
from bookings.models import Booking
from bookings.payments.models import Refund
from bookings.payments.providers.base import RefundState, RemoteRefund
from bookings.payments.refunds.results import note_answer
from bookings.payments.states import OrderState, PaymentState
from tests.support.factories import (
    make_booking,
    make_booking_with_mail,
    make_guest,
    make_show,
    make_user,
)
from tests.support.mails import composed, files_of, html_of, text_of, the_mail, written
from tests.support.money import make_order, make_payment, make_refund

pytestmark = pytest.mark.django_db
CANCELLED, ON_ITS_WAY, REFUNDED = "booking-cancelled", "refund-on-its-way", "refunded"


@pytest.fixture
def ticket() -> Booking:
    """Two seats for ₹500 and a fee of ₹20, paid online."""
    booking = make_booking(make_show(), ["A1", "A2"])
    order = make_order(booking, fee=20_00, state=OrderState.PAID)
    make_payment(order, PaymentState.CAPTURED)
    return booking


def kinds() -> list[str]:
    return [message.kind for message in written()]


def answered(refund: Refund, state: RefundState) -> None:
    """The provider says how the refund stands."""
    remote: Any = RemoteRefund(
        uuid=refund.uuid,
        reference="re_1",
        amount=refund.amount,
        state=state,
        failure_code="",
        created_at=refund.created_at,
    )
    refund.refresh_from_db()
    note_answer(refund, remote)


def some_days_later() -> None:
    days = timedelta(days=3)
    Refund.objects.update(created_at=F("created_at") - days, sent_at=F("sent_at") - days)


def test_who_cancels_gets_one_mail_with_what_comes_back_and_what_is_kept(ticket: Booking) -> None:
    services.cancel_booking(user=ticket.user, reference=ticket.reference)
    letter = the_mail(CANCELLED)
    assert letter.subject.startswith(f"You cancelled: {ticket.show.movie.title}")
    for words in (text_of(letter), html_of(letter)):
        assert "You cancelled your booking" in words
        assert "₹500 goes back" in words.replace("<strong>", "").replace("</strong>", "")
        assert "₹20 of what you paid is kept" in words
        assert ticket.reference in words


def test_staff_cancel_in_the_words_of_the_cinema(ticket: Booking) -> None:
    cancel_for_customer(
        by=make_user(is_staff=True), booking_id=ticket.pk, back=Back.NOTHING, reason="Asked"
    )
    words = text_of(the_mail(CANCELLED))
    assert f"{ticket.show.screen.cinema.name} cancelled your booking" in words
    assert "₹520 of what you paid is kept" in words
    assert "goes back" not in words


def test_a_ticket_that_was_not_paid_is_cancelled_without_a_word_about_money() -> None:
    booking = make_booking(make_show(), ["A1"])
    for _ in range(2):
        services.cancel_booking(user=booking.user, reference=booking.reference)
    words = text_of(the_mail(CANCELLED))
    assert "goes back" not in words
    assert "kept" not in words


def test_a_hold_that_is_let_go_writes_no_mail() -> None:
    user = make_user()
    held = services.hold_seats(user=user, show_id=make_show().pk, labels=["A1"])
    services.release_hold(user=user, reference=held.reference)
    assert not written()


@pytest.mark.parametrize("state", [RefundState.PENDING, RefundState.SUCCEEDED])
def test_a_refund_right_after_its_cancellation_is_one_mail(
    ticket: Booking, state: RefundState
) -> None:
    services.cancel_booking(user=ticket.user, reference=ticket.reference)
    answered(Refund.objects.get(), state)
    assert kinds() == [CANCELLED]


def test_a_refund_that_is_complete_days_later_is_told_then(ticket: Booking) -> None:
    services.cancel_booking(user=ticket.user, reference=ticket.reference)
    refund = Refund.objects.get()
    answered(refund, RefundState.PENDING)
    some_days_later()
    for _ in range(2):
        answered(refund, RefundState.SUCCEEDED)
    assert kinds() == [CANCELLED, REFUNDED]
    letter = the_mail(REFUNDED)
    assert letter.subject.startswith("₹500 has been given back")


def test_a_refund_that_is_sent_late_is_told_when_it_is_sent(ticket: Booking) -> None:
    services.cancel_booking(user=ticket.user, reference=ticket.reference)
    refund = Refund.objects.get()
    some_days_later()
    answered(refund, RefundState.PENDING)
    answered(refund, RefundState.SUCCEEDED)
    assert kinds() == [CANCELLED, ON_ITS_WAY], "the second within minutes says nothing new"
    assert "₹500 is on its way back to you" in text_of(the_mail(ON_ITS_WAY))


def test_money_that_staff_give_back_without_cancelling_is_told(ticket: Booking) -> None:
    payment = ticket.orders.get().payments.get()
    refund = make_refund(payment, 100_00, source=Refund.Source.STAFF)
    answered(refund, RefundState.PENDING)
    assert kinds() == [ON_ITS_WAY]


def test_who_cancels_before_the_ticket_was_mailed_gets_only_the_mail_about_the_end() -> None:
    booking = make_booking(make_show(), ["A1"])
    services.cancel_booking(user=booking.user, reference=booking.reference)
    send_due()
    assert [letter.subject.split(":")[0] for letter in mail.outbox] == ["You cancelled"]


def test_a_guest_gets_the_signed_link_and_no_calendar_gets_it() -> None:
    guest = make_guest(email="guest@example.com", name="Guest")
    booking = make_booking_with_mail(make_show(), ["A1"], user=guest)
    letter = the_mail("booking-confirmed")
    assert "/bookings/guest/" in text_of(letter)
    assert "/bookings/guest/" in html_of(letter)
    entry = files_of(letter)[f"ticket-{booking.reference}.ics"].decode()
    assert "guest/" not in entry
    (message,) = written()
    assert "guest/" not in str(message.data)


def test_mails_about_a_show_in_the_archive_are_dropped(ticket: Booking) -> None:
    services.cancel_booking(user=ticket.user, reference=ticket.reference)
    (message,) = written()
    message.show = 0
    assert isinstance(composed(message), Drop)

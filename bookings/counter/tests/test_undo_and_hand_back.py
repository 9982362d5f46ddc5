"""A mistake is undone by a refund; money that goes back is handed back once."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.utils import timezone

from accounts.models import User
from bookings.counter import services as counter
from bookings.counter.bills import UNDO_FOR, refunds_to_hand_back
from bookings.counter.errors import NotTakenByYou, RefundNotFound, TooLateToUndo, UndoneAlready
from bookings.errors import BookingNotFound
from bookings.integrity.checks import find_breaches
from bookings.models import Booking
from bookings.payments.models import Payment, Refund
from bookings.payments.refunds.writing import write_refunds
from bookings.release_and_cancel import cancel_booking
from tests.support.factories import make_booking, make_show, make_user
from tests.support.money import take_at_counter as take
from tests.support.races import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk() -> User:
    return make_user(is_staff=True, name="Noor")


@pytest.fixture
def booking() -> Booking:
    return make_booking(make_show(), ["A1"])


def test_undo_keeps_the_payment_and_writes_a_refund(clerk: User, booking: Booking) -> None:
    payment = take(clerk, booking)
    counter.undo_payment(by=clerk, payment_id=payment.uuid)
    payment.refresh_from_db()
    assert (payment.state, payment.captured) == ("CAPTURED", 25_000)
    refund = Refund.objects.get()
    assert (refund.payment, refund.amount, refund.state) == (payment, 25_000, "SUCCEEDED")
    assert (refund.by, refund.handed_back_by, refund.source) == (clerk, clerk, "STAFF")
    assert payment.order.state == "CANCELLED"
    assert (
        LogEntry.objects.latest("pk").change_message == "Undid the payment of ₹250 taken by Noor."
    )
    with pytest.raises(UndoneAlready):
        counter.undo_payment(by=clerk, payment_id=payment.uuid)


@pytest.mark.django_db(transaction=True)
def test_after_undo_the_booking_is_paid_again_and_all_invariants_hold(
    clerk: User, booking: Booking
) -> None:
    counter.undo_payment(by=clerk, payment_id=take(clerk, booking).uuid)
    assert not list(find_breaches())
    take(clerk, booking, "card")
    assert not list(find_breaches())
    Refund.objects.update(state="FAILED", ended_at=timezone.now())
    rules = [breach.rule for breach in find_breaches()]
    assert "a live order is that of a live booking, with its seats" in rules


def test_only_the_clerk_or_a_manager_undoes(clerk: User, booking: Booking) -> None:
    payment = take(clerk, booking)
    with pytest.raises(NotTakenByYou):
        counter.undo_payment(by=make_user(is_staff=True), payment_id=payment.uuid)
    manager = make_user(is_staff=True)
    manager.user_permissions.set(Permission.objects.filter(codename="oversee_counter"))
    manager.refresh_from_db()
    counter.undo_payment(by=manager, payment_id=payment.uuid)
    refund = Refund.objects.get()
    assert (refund.by, refund.handed_back_by) == (manager, clerk)


def test_undo_is_possible_for_some_minutes(clerk: User, booking: Booking) -> None:
    payment = take(clerk, booking)
    past = timezone.now() - UNDO_FOR - timedelta(seconds=1)
    Payment.objects.filter(pk=payment.pk).update(captured_at=past)
    with pytest.raises(TooLateToUndo):
        counter.undo_payment(by=clerk, payment_id=payment.uuid)
    assert not Refund.objects.exists()


def test_there_is_nothing_to_undo_that_no_clerk_took(clerk: User) -> None:
    with pytest.raises(BookingNotFound):
        counter.undo_payment(by=clerk, payment_id=uuid4())


@pytest.mark.django_db(transaction=True)
def test_undo_and_cancel_at_once_give_the_money_back_once(clerk: User, booking: Booking) -> None:
    payment = take(clerk, booking)

    def act(number: int) -> object:
        if number:
            return cancel_booking(user=booking.user, reference=booking.reference)
        return counter.undo_payment(by=clerk, payment_id=payment.uuid)

    at_once(act, 2)
    assert sum(refund.amount for refund in Refund.objects.counted()) == 25_000


def test_a_refund_waits_until_a_clerk_hands_it_back_once(clerk: User, booking: Booking) -> None:
    payment = take(clerk, booking)
    (refund,) = write_refunds(order=payment.order, source=Refund.Source.STAFF, by=clerk)
    assert list(refunds_to_hand_back(booking.show.screen.cinema)) == [refund]
    other = make_user(is_staff=True)
    for by in (other, clerk):
        handed = counter.hand_back(by=by, refund_id=refund.uuid)
        assert (handed.state, handed.handed_back_by) == ("SUCCEEDED", other)
    assert not refunds_to_hand_back().exists()
    with pytest.raises(RefundNotFound):
        counter.hand_back(by=clerk, refund_id=uuid4())

"""The counter takes the amount that is due, and only once, also if two clerks try together."""

from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.db import IntegrityError
from django.utils import timezone

from accounts.models import User
from bookings import services as bookings
from bookings.counter import services as counter
from bookings.counter.bills import State, read_bills
from bookings.counter.errors import (
    AmountChanged,
    CounterError,
    NothingToPay,
    OtherCounter,
    PageTooOld,
    PaidAlready,
    PaidOnlineNow,
)
from bookings.counter.services import Taking
from bookings.models import Booking
from bookings.payments.models import Order, OrderLine, Payment
from bookings.payments.providers.base import Remote, RemoteState
from bookings.payments.settlement import decision
from bookings.payments.settlement.case import Answer
from bookings.release_and_cancel import cancel_booking
from shows.models import Cinema
from tests.support.factories import make_booking, make_cinema, make_show, make_user
from tests.support.money import make_order, make_payment
from tests.support.races import at_once, meeting

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk() -> User:
    return make_user(is_staff=True, name="Noor")


@pytest.fixture
def booking() -> Booking:
    """Two seats for ₹250 and ₹400."""
    return make_booking(make_show(), ["A1", "E1"])


def take(
    by: User,
    booking: Booking,
    *,
    amount: int = 65_000,
    method: Payment.Method = Payment.Method.CASH,
    payment: UUID | None = None,
) -> Payment:
    taking = Taking(method, amount, payment or uuid4())
    cinema = booking.show.screen.cinema
    return counter.take_money(by=by, reference=booking.reference, cinema=cinema, taking=taking)


def open_online(booking: Booking) -> Payment:
    """A payment that the customer has begun online, with a fee of ₹40."""
    return make_payment(make_order(booking, fee=4_000), next_check_at=timezone.now())


def state_of(booking: Booking) -> State:
    found = Booking.objects.with_show().get(pk=booking.pk)
    return read_bills([found], at=timezone.now())[0].state


def test_cash_pays_the_booking_with_the_clerks_name(clerk: User, booking: Booking) -> None:
    assert state_of(booking) == State.DUE
    payment = take(clerk, booking)
    assert (payment.provider, payment.method, payment.state) == ("counter", "cash", "CAPTURED")
    assert (payment.amount, payment.captured, payment.currency) == (65_000, 65_000, "INR")
    assert payment.taken_by == clerk
    assert payment.order.state == "PAID"
    assert state_of(booking) == State.PAID
    line = LogEntry.objects.get()
    assert (line.user, line.object_repr) == (clerk, booking.reference)
    assert line.change_message == "Took ₹650 at the counter: cash."


def test_who_pays_at_the_counter_pays_no_fee_for_paying_online(clerk: User) -> None:
    show = make_show()
    Cinema.objects.update(booking_fee=20, booking_fee_per="ticket")
    booking = make_booking(show, ["A1"])
    payment = take(clerk, booking, amount=25_000)
    lines = OrderLine.objects.filter(order=payment.order)
    assert [(line.kind, line.gross) for line in lines] == [("SEAT", 25_000)]


def test_the_same_form_twice_is_one_payment(clerk: User, booking: Booking) -> None:
    sent = uuid4()
    assert take(clerk, booking, payment=sent) == take(clerk, booking, payment=sent)
    assert Payment.objects.count() == 1
    assert LogEntry.objects.count() == 1


def test_a_second_clerk_is_told_who_took_the_money(clerk: User, booking: Booking) -> None:
    take(clerk, booking)
    with pytest.raises(PaidAlready, match=r"Take no money: .*Noor took ₹650 at \d\d:\d\d"):
        take(make_user(is_staff=True), booking)
    assert Payment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_clerks_at_once_one_takes_the_money(booking: Booking) -> None:
    clerks = [make_user(is_staff=True) for _ in range(4)]
    results = at_once(lambda n: take(clerks[n], booking), len(clerks))
    taken = [result for result in results if isinstance(result, Payment)]
    assert len(taken) == 1
    assert sum(isinstance(result, PaidAlready) for result in results) == len(clerks) - 1, results
    assert Payment.objects.get() == taken[0]
    assert LogEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_two_clerks_would_meet_in_the_database(
    booking: Booking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the race: the second clerk gets an error of the database, and no words."""
    monkeypatch.setattr(
        counter, "lock_bookings", lambda show_id, which: Booking.objects.filter(which, show=show_id)
    )
    clerk, other = make_user(is_staff=True), make_user(is_staff=True)
    late = meeting(lambda: take(clerk, booking), lambda: take(other, booking))
    assert isinstance(late, IntegrityError), late


@pytest.mark.django_db(transaction=True)
def test_a_second_clerk_who_waited_for_the_lock_is_told(booking: Booking) -> None:
    clerk, other = make_user(is_staff=True), make_user(is_staff=True)
    late = meeting(lambda: take(clerk, booking), lambda: take(other, booking))
    assert isinstance(late, PaidAlready), late


def test_an_open_checkout_is_ended_when_the_clerk_takes_the_money(
    clerk: User, booking: Booking
) -> None:
    online = open_online(booking)
    payment = take(clerk, booking)
    online.refresh_from_db()
    assert online.state == "CANCEL_DUE"
    assert online.next_check_at is not None
    assert online.order.state == "ABANDONED"
    assert payment.order != online.order
    assert Order.objects.live().get() == payment.order


def test_while_the_customers_money_is_decided_nothing_is_taken(
    clerk: User, booking: Booking
) -> None:
    online = open_online(booking)
    Payment.objects.filter(pk=online.pk).update(state="AUTHORISED")
    with pytest.raises(PaidOnlineNow):
        take(clerk, booking)
    assert state_of(booking) == State.PAYING


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", ["clerk", "customer", "both at once"])
def test_a_clerk_and_the_customer_pay_once(clerk: User, booking: Booking, first: str) -> None:
    """The provider says that the money is reserved while the clerk takes it, in either order."""
    online = open_online(booking)
    remote = Remote(
        state=RemoteState.AUTHORISED,
        reference=online.reference,
        amount=online.amount,
        currency="INR",
        charge=online.charge,
        authorised=online.amount,
        uuid=online.uuid,
    )

    def customer_pays() -> object:
        return decision.apply(online.pk, Answer(remote, online.updated_at))

    def clerk_takes() -> object:
        return take(clerk, booking)

    if first == "clerk":
        result = meeting(clerk_takes, customer_pays)
    elif first == "customer":
        result = meeting(customer_pays, clerk_takes)
    else:
        result, _ = at_once(lambda n: [clerk_takes, customer_pays][n](), 2)
    online.refresh_from_db()
    order = Order.objects.get(state="PAID")
    (kept,) = Payment.objects.kept()
    assert kept.order == order
    if kept == online:
        assert first != "clerk"
        assert isinstance(result, PaidAlready), result
        assert "The customer paid online" in result.message
    else:
        assert first != "customer"
        assert kept.taken_by == clerk
        assert (online.state, online.order.state) == ("VOID_DUE", "ABANDONED")


def test_what_was_paid_online_is_not_taken_again(clerk: User, booking: Booking) -> None:
    online = open_online(booking)
    Payment.objects.filter(pk=online.pk).update(state="CAPTURE_DUE")
    Order.objects.filter(pk=online.order_id).update(state="PAID")
    with pytest.raises(PaidAlready, match="The customer paid online"):
        take(clerk, booking)


def test_an_order_whose_money_was_refused_is_paid_as_it_was_bought(
    clerk: User, booking: Booking
) -> None:
    online = open_online(booking)
    Payment.objects.filter(pk=online.pk).update(state="CAPTURE_DUE")
    Payment.objects.filter(pk=online.pk).update(state="VOIDED")
    Order.objects.filter(pk=online.order_id).update(state="PAID")
    Order.objects.filter(pk=online.order_id).update(state="UNPAID")
    again = make_payment(online.order)
    payment = take(clerk, booking, amount=online.amount)
    assert payment.order == online.order
    assert payment.order.state == "PAID"
    again.refresh_from_db()
    assert again.state == "CANCEL_DUE"


def test_another_amount_than_the_clerk_saw_is_not_taken(clerk: User, booking: Booking) -> None:
    with pytest.raises(AmountChanged):
        take(clerk, booking, amount=65_001)
    assert not Payment.objects.exists()


def test_money_of_another_cinema_is_not_taken(clerk: User, booking: Booking) -> None:
    taking = Taking(Payment.Method.CASH, 65_000, uuid4())
    with pytest.raises(OtherCounter):
        counter.take_money(
            by=clerk, reference=booking.reference, cinema=make_cinema(), taking=taking
        )


def test_what_is_over_held_or_free_is_not_paid(clerk: User, booking: Booking) -> None:
    held = bookings.hold_seats(user=make_user(), show_id=booking.show_id, labels=["B1"])
    free = make_booking(make_show(standard_price=Decimal(0), premium_price=Decimal(0)), ["A1"])
    cancel_booking(user=booking.user, reference=booking.reference)
    for each, state in ((held, State.HELD), (free, State.FREE), (booking, State.OVER)):
        assert state_of(each) == state
        with pytest.raises(NothingToPay):
            take(clerk, each)
    assert not Order.objects.exists()


def test_an_undone_payment_can_be_taken_again_but_not_from_the_old_page(
    clerk: User, booking: Booking
) -> None:
    sent = uuid4()
    first = take(clerk, booking, payment=sent)
    counter.undo_payment(by=clerk, payment_id=first.uuid)
    assert state_of(booking) == State.DUE
    with pytest.raises(PageTooOld):
        take(clerk, booking, payment=sent)
    second = take(clerk, booking, method=Payment.Method.CARD)
    assert (first.order.reference, second.order.state) != (second.order.reference, "OPEN")
    assert state_of(booking) == State.PAID


def test_every_refusal_says_what_to_do() -> None:
    for error in CounterError.__subclasses__():
        assert error().message.endswith("."), error

"""Pressing Pay: the order, the longer hold, one payment for many presses, and why it is refused."""

from datetime import timedelta
from decimal import Decimal

import pytest
from pytest_django import Settings

from accounts.models import User
from bookings import services
from bookings.errors import (
    BookingExpired,
    BookingNotFound,
    BookingNotPending,
    EmailNotConfirmed,
    ShowMoved,
    ShowNotBookable,
)
from bookings.models import Booking
from bookings.payments.checkout.begin import MARGIN, begin_checkout
from bookings.payments.errors import AlreadyPaid, NothingToPay, PaymentsOff, ProviderUnavailable
from bookings.payments.models import Order, Payment
from bookings.payments.settlement.observe import observe
from bookings.payments.settlement.opening import CLAIM
from bookings.payments.states import OrderState, PaymentState
from bookmyshow.core.observability.metrics import PROVIDER_ANSWERS
from bookmyshow.core.time import database_now
from shows.models import Show
from tests.support.clocks import earlier
from tests.support.factories import begin, lapse, make_cinema, make_screen, make_show, make_user
from tests.support.paying import press
from tests.support.races import at_once
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def show() -> Show:
    return make_show(screen=make_screen(cinema=make_cinema(booking_fee=Decimal(20))))


@pytest.fixture
def held(user: User, show: Show) -> Booking:
    return services.hold_seats(user=user, show_id=show.pk, labels=["A1", "A2"])


def provider_calls() -> float:
    """How many calls to providers this process has made."""
    samples = [sample for metric in PROVIDER_ANSWERS.collect() for sample in metric.samples]
    return sum(sample.value for sample in samples if sample.name.endswith("_total"))


def test_pay_writes_the_order_and_leads_to_the_provider_s_page(
    sandbox: Sandbox, held: Booking
) -> None:
    checkout = press(held)
    assert checkout.url.startswith(sandbox.url)
    assert (checkout.total, checkout.currency) == (540_00, "INR")
    assert [line.gross for line in checkout.lines] == [250_00, 250_00, 40_00]
    order = Order.objects.get()
    assert (order.state, order.booking_reference) == (OrderState.OPEN, held.reference)
    payment = Payment.objects.get()
    assert (payment.state, payment.amount) == (PaymentState.OPEN, 540_00)
    facts = sandbox.facts(payment.reference)
    assert (facts["amount"], facts["currency"].upper()) == (540_00, "INR")
    assert facts["metadata"]["payment"] == str(payment.uuid)


@pytest.mark.parametrize("protocol", ["stripe", "razorpay"])
def test_from_the_click_to_the_redirect_the_provider_is_called_once(
    sandbox: Sandbox, held: Booking, settings: Settings, protocol: str
) -> None:
    settings.SANDBOX_PROTOCOL = protocol
    before = provider_calls()
    press(held)
    assert provider_calls() == before + 1
    press(held)
    assert provider_calls() == before + 1, "the second press finds the open payment"


@pytest.mark.parametrize("protocol", ["stripe", "razorpay"])
@pytest.mark.parametrize(
    ("currency", "price", "fee", "total"),
    [("JPY", "1800", "150", 3900), ("KWD", "2.25", "0.10", 4700), ("EUR", "11.90", "0", 2380)],
)
def test_each_currency_is_paid_in_its_minor_unit(
    sandbox: Sandbox,
    settings: Settings,
    user: User,
    protocol: str,
    currency: str,
    price: str,
    fee: str,
    total: int,
) -> None:
    settings.SANDBOX_PROTOCOL = protocol
    cinema = make_cinema(currency=currency, booking_fee=Decimal(fee))
    show = make_show(
        screen=make_screen(cinema=cinema),
        standard_price=Decimal(price),
        premium_price=Decimal(price),
    )
    held = services.hold_seats(user=user, show_id=show.pk, labels=["A1", "A2"])
    checkout = press(held)
    assert (checkout.total, checkout.currency) == (total, currency)
    sandbox.pay(checkout.payment.reference)
    payment = observe(checkout.payment.pk)
    assert (payment.state, payment.captured) == (PaymentState.CAPTURED, total)


def test_pressing_pay_extends_the_hold_once(
    sandbox: Sandbox, held: Booking, settings: Settings
) -> None:
    before = database_now()
    checkout = press(held)
    extended = Booking.objects.get(pk=held.pk).expires_at
    minutes = timedelta(minutes=settings.PAYMENT_MINUTES)
    assert before + minutes <= extended <= database_now() + minutes
    assert checkout.expires_at == extended - MARGIN
    assert press(held).expires_at == checkout.expires_at
    assert Booking.objects.get(pk=held.pk).expires_at == extended


def test_swapping_seats_does_not_extend_the_hold_again(sandbox: Sandbox, held: Booking) -> None:
    first = press(held)
    ends = Booking.objects.get(pk=held.pk).expires_at
    other = services.hold_seats(user=held.user, show_id=held.show_id, labels=["B1"])
    second = press(other)
    assert Booking.objects.get(pk=other.pk).expires_at == ends
    assert second.expires_at == ends - MARGIN
    # The order of the old seats is over, and so is its page.
    old = Order.objects.get(booking=held.pk)
    assert old.state == OrderState.ABANDONED
    observe(first.payment.pk)
    assert Payment.objects.get(pk=first.payment.pk).state == PaymentState.CANCELLED
    assert sandbox.facts(first.payment.reference)["status"] == "expired"


def test_swaps_before_the_first_press_don_t_lengthen_the_ten_minutes(
    sandbox: Sandbox, held: Booking, settings: Settings
) -> None:
    settings.PAYMENT_MINUTES = 10
    # Held seven minutes ago, with a long hold; swapped now.
    ends = database_now() + timedelta(seconds=50)
    Booking.objects.filter(pk=held.pk).update(
        created_at=earlier("created_at", timedelta(minutes=7)), expires_at=ends
    )
    other = services.hold_seats(user=held.user, show_id=held.show_id, labels=["B1"])
    assert other.expires_at == ends
    press(other)
    first = Booking.objects.get(pk=held.pk).created_at
    assert Booking.objects.get(pk=other.pk).expires_at == first + timedelta(minutes=10)


@pytest.mark.parametrize("protocol", ["stripe", "razorpay"])
def test_pressing_pay_in_many_tabs_opens_one_payment(
    sandbox: Sandbox, settings: Settings, held: Booking, protocol: str
) -> None:
    settings.SANDBOX_PROTOCOL = protocol
    found = at_once(lambda _: press(held), 8)
    assert {checkout.url for checkout in found} == {found[0].url}  # type: ignore[attr-defined]
    assert (Order.objects.count(), Payment.objects.count()) == (1, 1)
    assert len(sandbox.all_facts()) == 1


def test_a_provider_that_does_not_answer_charges_nobody_and_can_be_asked_again(
    sandbox: Sandbox, held: Booking
) -> None:
    sandbox.fault("drop", "create")
    with pytest.raises(ProviderUnavailable):
        press(held)
    payment = Payment.objects.get()
    assert (payment.state, payment.last_error) == (PaymentState.CREATED, "no answer")
    assert press(held).payment == payment
    assert len(sandbox.all_facts()) == 1


def test_the_reconciler_opens_a_payment_whose_process_died(sandbox: Sandbox, held: Booking) -> None:
    sandbox.fault("unreachable", "create")
    with pytest.raises(ProviderUnavailable):
        press(held)
    assert observe(Payment.objects.get().pk).state == PaymentState.OPEN


def test_a_call_that_another_process_makes_is_not_made_twice_before_its_claim_is_over(
    sandbox: Sandbox, held: Booking
) -> None:
    sandbox.fault("unreachable", "create")
    with pytest.raises(ProviderUnavailable):
        press(held)
    payment = Payment.objects.get()
    Payment.objects.update(claimed_until=database_now() + CLAIM)
    assert observe(payment.pk).state == PaymentState.CREATED
    assert not sandbox.all_facts()
    Payment.objects.update(claimed_until=database_now())
    assert observe(payment.pk).state == PaymentState.OPEN


def test_a_payment_that_was_never_opened_ends_without_a_call(
    sandbox: Sandbox, held: Booking
) -> None:
    sandbox.fault("unreachable", "create")
    with pytest.raises(ProviderUnavailable):
        press(held)
    Order.objects.update(pay_until=database_now())
    sandbox.kill()
    payment = observe(Payment.objects.get().pk)
    assert (payment.state, payment.next_check_at) == (PaymentState.CANCELLED, None)


def test_after_a_declined_try_the_same_page_is_used_again(sandbox: Sandbox, held: Booking) -> None:
    first = press(held)
    sandbox.pay(first.payment.reference, "decline")
    declined = observe(first.payment.pk)
    assert (declined.state, declined.last_error) == (PaymentState.FAILED, "insufficient_funds")
    again = press(held)
    assert (again.url, again.payment.state) == (first.url, PaymentState.OPEN)
    sandbox.pay(first.payment.reference)
    assert observe(first.payment.pk).state == PaymentState.CAPTURED


def test_another_provider_ends_the_payment_of_the_first(
    sandbox: Sandbox, settings: Settings, held: Booking
) -> None:
    first = press(held).payment
    settings.SANDBOX_PROTOCOL = "razorpay"
    second = press(held).payment
    assert (second.provider, second.state) == ("sandbox-razorpay", PaymentState.OPEN)
    first.refresh_from_db()
    assert first.state == PaymentState.CANCEL_DUE


def test_an_old_page_is_replaced_by_a_new_one(sandbox: Sandbox, held: Booking) -> None:
    first = press(held).payment
    Payment.objects.update(created_at=earlier("created_at", timedelta(minutes=51)))
    second = press(held).payment
    assert first != second
    first.refresh_from_db()
    assert first.state == PaymentState.CANCEL_DUE


def test_a_ticket_to_be_paid_at_the_cinema_can_be_paid_online(
    sandbox: Sandbox, held: Booking
) -> None:
    services.confirm_booking(user=held.user, reference=held.reference)
    checkout = press(held)
    assert checkout.expires_at == held.show.starts_at
    sandbox.pay(checkout.payment.reference)
    observe(checkout.payment.pk)
    assert Order.objects.get().state == OrderState.PAID
    with pytest.raises(AlreadyPaid):
        press(held)


def test_a_ticket_can_be_paid_although_the_order_of_its_hold_is_not_closed_yet(
    sandbox: Sandbox, held: Booking
) -> None:
    """Pay was pressed, then the seats were confirmed, to be paid at the cinema. The time of the
    first order has passed, and the reconciler has not looked yet."""
    first = press(held).payment
    services.confirm_booking(user=held.user, reference=held.reference)
    Order.objects.update(pay_until=database_now())
    checkout = press(held)
    assert checkout.expires_at == held.show.starts_at
    first.refresh_from_db()
    assert (first.state, first.order.state) == (PaymentState.CANCEL_DUE, OrderState.EXPIRED)
    sandbox.pay(checkout.payment.reference)
    assert observe(checkout.payment.pk).state == PaymentState.CAPTURED
    assert Order.objects.get(booking=held, state=OrderState.PAID) == checkout.payment.order


def test_what_can_not_be_paid_is_refused(
    sandbox: Sandbox, settings: Settings, held: Booking
) -> None:
    with pytest.raises(BookingNotFound):
        begin_checkout(user=make_user(), reference=held.reference)
    with pytest.raises(ShowMoved):
        begin_checkout(
            user=held.user, reference=held.reference, starts_at=held.show.starts_at + MARGIN
        )
    settings.PAYMENTS = ""
    with pytest.raises(PaymentsOff):
        press(held)
    settings.PAYMENTS = "sandbox"
    begin(held.show)
    with pytest.raises(ShowNotBookable):
        press(held)
    assert not Order.objects.exists()


def test_a_hold_that_is_over_can_not_be_paid(sandbox: Sandbox, held: Booking) -> None:
    services.release_hold(user=held.user, reference=held.reference)
    with pytest.raises(BookingNotPending):
        press(held)
    other = services.hold_seats(user=held.user, show_id=held.show_id, labels=["B1"])
    lapse(other)
    with pytest.raises(BookingExpired):
        press(other)


def test_in_the_last_seconds_of_a_hold_nothing_is_opened(sandbox: Sandbox, held: Booking) -> None:
    press(held)
    Order.objects.update(pay_until=database_now())
    with pytest.raises(BookingExpired):
        press(held)


def test_nothing_is_to_pay_for_free_seats(sandbox: Sandbox, user: User) -> None:
    show = make_show(standard_price=Decimal(0), premium_price=Decimal(0))
    held = services.hold_seats(user=user, show_id=show.pk, labels=["A1"])
    with pytest.raises(NothingToPay):
        press(held)


def test_too_many_seats_need_a_confirmed_email(
    sandbox: Sandbox, settings: Settings, held: Booking
) -> None:
    settings.MAX_SEATS_UNCONFIRMED = 1
    with pytest.raises(EmailNotConfirmed):
        press(held)


def test_a_payment_that_the_provider_refuses_to_open_is_replaced(
    sandbox: Sandbox, held: Booking, settings: Settings
) -> None:
    checkout = press(held)
    Payment.objects.update(state=PaymentState.FAILED, reference="", checkout_url="")
    assert press(held).payment != checkout.payment
    assert Payment.objects.get(pk=checkout.payment.pk).state == PaymentState.CANCEL_DUE
    assert observe(checkout.payment.pk).state == PaymentState.CANCELLED

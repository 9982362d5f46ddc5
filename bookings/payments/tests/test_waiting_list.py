"""Payments of offers from the waiting list, and late payments while people wait (spec §20)."""

import pytest

from bookings import services
from bookings.errors import BookingExpired
from bookings.models import Booking
from bookings.payments.checkout.begin import MARGIN
from bookings.payments.states import OrderState, PaymentState
from bookings.waiting_list.models import Entry
from shows.models import Show
from tests.support.factories import hall, lapse, make_show, make_user
from tests.support.paying import order_of, press, run_out, seen, status_of
from tests.support.sandbox import Sandbox
from tests.support.waiting_list import breaches, join, line_of, offer_to, sell_out

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("conserved")]

TAKEN = Entry.State.TAKEN
# Razorpay can't give free at once what it has reserved.
GIVEN_FREE = {PaymentState.VOIDED, PaymentState.VOID_DUE}


@pytest.fixture
def show() -> Show:
    return make_show(hall(1, 1))


def offered(show: Show) -> Entry:
    """A place in line whose offer is the only seat of the show."""
    sold = sell_out(show)
    entry = join(show)
    services.cancel_booking(user=sold.user, reference=sold.reference)
    return entry


def hold(show: Show) -> Booking:
    return services.hold_seats(user=make_user(), show_id=show.pk, labels=["R1-1"])


def test_an_offer_can_be_paid_until_shortly_before_its_end(provider: Sandbox, show: Show) -> None:
    entry = offered(show)
    offer = offer_to(entry)
    checkout = press(offer)
    offer.refresh_from_db()
    assert offer.expires_at == offer_to(entry).expires_at
    assert checkout.expires_at == offer.expires_at - MARGIN
    provider.pay(checkout.payment.reference)
    assert seen(checkout).state == PaymentState.CAPTURED
    entry.refresh_from_db()
    assert (status_of(offer), entry.state) == (Booking.Status.CONFIRMED, TAKEN)
    assert breaches() == []


def test_a_shorter_offer_is_extended_once_by_paying_like_any_hold(
    provider: Sandbox, show: Show, settings: pytest.FixtureRequest
) -> None:
    settings.WAITING_OFFER_MINUTES = 2  # type: ignore[attr-defined]
    settings.PAYMENT_MINUTES = 5  # type: ignore[attr-defined]
    offer = offer_to(offered(show))
    press(offer)
    extended = Booking.objects.get(pk=offer.pk).expires_at
    assert extended > offer.expires_at
    press(offer)
    assert Booking.objects.get(pk=offer.pk).expires_at == extended


def test_an_offer_that_has_lapsed_can_not_be_paid(provider: Sandbox, show: Show) -> None:
    offer = offer_to(offered(show))
    lapse(offer)
    with pytest.raises(BookingExpired):
        press(offer)


def test_a_late_payment_keeps_its_seats_while_nobody_has_freed_them(
    provider: Sandbox, show: Show
) -> None:
    held = hold(show)
    checkout = press(held)
    entry = join(show)
    provider.pay(checkout.payment.reference)
    run_out(held)
    assert seen(checkout).state == PaymentState.CAPTURED
    assert order_of(checkout).state == OrderState.PAID
    assert line_of(show) == [entry]
    assert breaches() == []


def test_a_late_payment_goes_back_once_the_seats_are_offered(provider: Sandbox, show: Show) -> None:
    held = hold(show)
    checkout = press(held)
    entry = join(show)
    provider.pay(checkout.payment.reference)
    run_out(held)
    services.sweep_lapsed_holds()
    assert seen(checkout).state in GIVEN_FREE
    assert offer_to(entry).seats == ["R1-1"]
    assert breaches() == []


def test_a_late_payment_does_not_overtake_the_line_to_seats_of_another_lapsed_hold(
    provider: Sandbox, show: Show
) -> None:
    held = hold(show)
    checkout = press(held)
    provider.pay(checkout.payment.reference)
    run_out(held)
    services.sweep_lapsed_holds()
    other = hold(show)
    entry = join(show)
    lapse(other)
    assert seen(checkout).state in GIVEN_FREE
    assert offer_to(entry).seats == ["R1-1"]
    assert status_of(other) == Booking.Status.FAILED
    assert breaches() == []


def test_a_late_payment_of_an_offer_ends_the_place_in_line_as_bought(
    provider: Sandbox, show: Show
) -> None:
    entry = offered(show)
    offer = offer_to(entry)
    checkout = press(offer)
    provider.pay(checkout.payment.reference)
    run_out(offer)
    assert seen(checkout).state == PaymentState.CAPTURED
    entry.refresh_from_db()
    assert entry.state == TAKEN
    assert breaches() == []


def test_no_thanks_ends_the_order_of_an_offer(provider: Sandbox, show: Show) -> None:
    offer = offer_to(offered(show))
    checkout = press(offer)
    services.release_hold(user=offer.user, reference=offer.reference)
    assert order_of(checkout).state == OrderState.ABANDONED

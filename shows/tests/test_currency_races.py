"""A cinema's currency changes while someone holds seats there, adds a show or changes its prices.

One of the two waits for the other. A control shows that without the locks a booking ends up in a
currency that its buyer did not see.
"""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import transaction

from bookings import services as sales
from bookings.models import Booking
from shows.cinema_money import allow_new_currency, refuse_new_currency
from shows.errors import CurrencyInUse, PriceTooFine
from shows.models import Cinema, Show
from shows.services import change_terms
from tests.support.factories import make_show, make_user
from tests.support.races import elsewhere, wait_for_waiting

pytestmark = pytest.mark.django_db(transaction=True)


def change(cinema: Cinema, currency: str, *, allow: Callable[..., None]) -> None:
    with transaction.atomic():
        allow(cinema, currency)
        Cinema.objects.filter(pk=cinema.pk).update(currency=currency)


def hold(show: Show) -> Booking:
    return sales.hold_seats(user=make_user(), show_id=show.pk, labels=["A1"])


def test_a_change_that_waited_for_a_hold_is_refused() -> None:
    show = make_show()
    cinema = show.screen.cinema
    with transaction.atomic():
        hold(show)
        changing = elsewhere(lambda: change(cinema, "EUR", allow=allow_new_currency))
        wait_for_waiting(1, changing.done)
    assert isinstance(changing.result(timeout=120), CurrencyInUse)
    cinema.refresh_from_db()
    assert cinema.currency == "INR"


def test_a_hold_waits_for_the_change() -> None:
    show = make_show()
    with transaction.atomic():
        change(show.screen.cinema, "EUR", allow=allow_new_currency)
        holding = elsewhere(lambda: hold(show))
        wait_for_waiting(1, holding.done)
    assert isinstance(holding.result(timeout=120), Booking)


def test_control_without_the_locks_the_currency_of_a_booking_changes() -> None:
    show = make_show()
    cinema = show.screen.cinema
    with transaction.atomic():
        hold(show)
        changing = elsewhere(lambda: change(cinema, "EUR", allow=refuse_new_currency))
        assert changing.result(timeout=120) is None
    assert Booking.objects.get().show.screen.cinema.currency == "EUR"


def test_a_new_show_that_waited_has_prices_of_the_new_currency() -> None:
    show = make_show()
    screen, movie = show.screen, show.movie
    with transaction.atomic():
        change(screen.cinema, "JPY", allow=allow_new_currency)
        making = elsewhere(
            lambda: make_show(
                movie=movie, screen=screen, starts_at=show.busy_until, standard_price=Decimal("0.5")
            )
        )
        wait_for_waiting(1, making.done)
    assert isinstance(making.result(timeout=120), PriceTooFine)


def test_new_prices_that_waited_are_of_the_new_currency() -> None:
    show = make_show()
    with transaction.atomic():
        change(show.screen.cinema, "JPY", allow=allow_new_currency)
        pricing = elsewhere(
            lambda: change_terms(
                show=show,
                standard_price=Decimal("0.5"),
                premium_price=Decimal(1),
                format="2D",
                language="",
            )
        )
        wait_for_waiting(1, pricing.done)
    assert isinstance(pricing.result(timeout=120), PriceTooFine)

"""The booking fee: what it comes to, and how pages show it from the first price on."""

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from pytest_django import (
    DjangoAssertNumQueries,
    DjangoCaptureOnCommitCallbacks,
    Settings,
)

from bookings import services
from bookings.models import Booking
from bookings.payments.orders.prices import quote
from shows.booking_fee import shown_fee, shown_prices
from shows.models import Show
from shows.seatmap import current as seatmap
from tests.support.factories import make_cinema, make_screen, make_show, make_user

pytestmark = pytest.mark.django_db
WORDS = "when you pay online, none at the cinema"


@pytest.fixture
def online(settings: Settings) -> Settings:
    settings.PAYMENTS = "sandbox"
    return settings


def show_with_fee(amount: str = "20", per: str = "ticket", **cinema: Any) -> Show:
    place = make_cinema(booking_fee=Decimal(amount), booking_fee_per=per, **cinema)
    return make_show(screen=make_screen(cinema=place))


def test_without_a_fee_or_without_paying_online_nothing_is_said(settings: Settings) -> None:
    show = show_with_fee()
    assert settings.PAYMENTS == ""
    assert shown_fee(show.screen.cinema) is None
    settings.PAYMENTS = "sandbox"
    assert shown_fee(show_with_fee("0").screen.cinema) is None
    assert shown_prices(show_with_fee("0")).fee is None


@pytest.mark.parametrize(
    ("at_cinema", "per", "words", "standard", "total"),
    [
        (True, "ticket", f"+ ₹20 a ticket {WORDS}", 250, "₹900 + ₹60 online"),
        (True, "order", f"+ ₹20 a booking {WORDS}", 250, "₹900 + ₹20 online"),
        (False, "ticket", "Prices include a booking fee of ₹20 a ticket", 270, "₹960"),
        (
            *(False, "order", "+ ₹20 booking fee, once for all your tickets"),
            *(250, "₹920 with ₹20 booking fee"),
        ),
    ],
)
def test_what_pages_say_about_a_fee(
    online: Settings, at_cinema: bool, per: str, words: str, standard: int, total: str
) -> None:
    online.PAY_AT_CINEMA = at_cinema
    prices = shown_prices(show_with_fee(per=per))
    assert prices.fee is not None
    assert prices.fee.words == words
    assert prices.standard == standard
    assert prices.total(standard=2, premium=1) == total


def test_a_show_that_costs_nothing_mentions_no_fee(online: Settings) -> None:
    show = show_with_fee()
    Show.objects.filter(pk=show.pk).update(standard_price=0, premium_price=0)
    show.refresh_from_db()
    assert shown_prices(show).fee is None
    online.PAY_AT_CINEMA = False
    assert shown_prices(show).fee is None
    assert shown_prices(show).standard == 0


@pytest.mark.parametrize("at_cinema", [True, False])
@pytest.mark.parametrize("per", ["ticket", "order"])
@pytest.mark.parametrize("labels", [["A1"], ["A1", "A2", "E1"]])
def test_the_review_page_brings_no_surprise(
    online: Settings, at_cinema: bool, per: str, labels: list[str]
) -> None:
    """The total on the seat map is what the order will cost."""
    online.PAY_AT_CINEMA = at_cinema
    show = show_with_fee(per=per)
    held = services.hold_seats(user=make_user(), show_id=show.pk, labels=labels)
    premium = labels.count("E1")
    said = shown_prices(show).total(standard=len(labels) - premium, premium=premium)
    due = quote(Booking.objects.with_show().get(pk=held.pk))
    first, *online_part = [int(amount) for amount in re.findall(r"₹(\d+)", said)]
    if at_cinema:
        assert [first * 100, online_part[0] * 100] == [due.seats, due.fee]
    else:
        assert first * 100 == due.total


def test_the_film_page_says_it_beside_the_first_prices(client: Client, online: Settings) -> None:
    show = show_with_fee()
    assert f"+ ₹20 a ticket {WORDS}" in client.get(show.movie.get_absolute_url()).text
    online.PAY_AT_CINEMA = False
    page = client.get(show.movie.get_absolute_url()).text
    assert "</span>₹270</span>" in page
    (found,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
    offers = [item["offers"] for item in json.loads(found)["@graph"] if "offers" in item]
    assert [(offer["price"], offer["priceCurrency"]) for offer in offers] == [("270.00", "INR")]


def test_the_seat_map_says_it_in_the_legend_and_in_the_total(
    client: Client, online: Settings
) -> None:
    show = show_with_fee()
    page = client.get(f"{show.get_absolute_url()}?seats=A1,E1").text
    assert f"+ ₹20 a ticket {WORDS}" in page
    assert 'data-fee="20.00" data-fee-per="ticket" data-fee-online' in page
    assert "Ticked: A1, E1, 1 premium, ₹650 + ₹40 online" in page

    online.PAY_AT_CINEMA = False
    seatmap.forget(show.pk)
    page = client.get(f"{show.get_absolute_url()}?seats=A1,E1").text
    assert 'aria-label="A1, ₹270"' in page
    assert 'data-standard-price="270.00" data-premium-price="420.00"' in page
    assert "data-fee" not in page
    assert "Ticked: A1, E1, 1 premium, ₹690" in page


def test_a_changed_fee_is_on_the_map_at_once(
    client: Client,
    online: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    show = show_with_fee()
    client.get(show.get_absolute_url())
    cinema = show.screen.cinema
    with django_capture_on_commit_callbacks(execute=True):
        cinema.booking_fee = Decimal(35)
        cinema.save()
    assert f"+ ₹35 a ticket {WORDS}" in client.get(show.get_absolute_url()).text


def test_a_fee_costs_the_poll_nothing(
    client: Client, online: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    plain, with_fee = make_show(), show_with_fee()
    drawn = []
    for show in (plain, with_fee):
        # The show with the prices, and the seats.
        with django_assert_num_queries(2):
            drawn.append(client.get(f"/shows/{show.pk}/seats/").text)
    without_version = [re.sub(r'value="[0-9a-f]{20}"', "", html) for html in drawn]
    assert without_version[0] == without_version[1]


def test_the_api_names_the_fee(client: Client, online: Settings) -> None:
    show = show_with_fee("0.75", "order", currency="GBP")
    data = client.get(f"/api/shows/{show.pk}").json()["data"]
    assert (data["currency"], data["bookingFee"], data["bookingFeePer"]) == ("GBP", "0.75", "order")
    online.PAYMENTS = ""
    assert client.get(f"/api/shows/{show.pk}").json()["data"]["bookingFee"] == "0.00"

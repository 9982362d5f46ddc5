"""The currency and the fee of a cinema: what is refused, and when the currency may change."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test import Client

from bookings import services as sales
from bookings.archive.services import archive_batch
from bookings.models import Booking
from shows import services
from shows.cinema_money import allow_new_currency
from shows.errors import CurrencyInUse, PriceTooFine
from shows.models import Cinema, Show
from tests.support.admin_site import staff_client
from tests.support.factories import (
    make_booking,
    make_cinema,
    make_screen,
    make_show,
    make_user,
)

pytestmark = pytest.mark.django_db
INLINE = {"screens-TOTAL_FORMS": "0", "screens-INITIAL_FORMS": "0"}


@pytest.fixture
def client() -> Client:
    return staff_client()


def change(client: Client, cinema: Cinema, **values: str) -> dict[str, Any]:
    """Send the cinema's form with these values. Returns the errors of its fields."""
    names = ("name", "slug", "city", "address", "timezone", "currency", "booking_fee")
    more = ("booking_fee_per", "legal_name", "tax_number", "tax_place")
    now = {name: f"{getattr(cinema, name)}" for name in (*names, *more)}
    response = client.post(f"/admin/shows/cinema/{cinema.pk}/change/", now | INLINE | values)
    if response.status_code == 302:
        return {}
    errors: dict[str, Any] = response.context["adminform"].form.errors
    return errors


def test_a_new_cinema_has_the_currency_of_the_setting_and_no_fee(settings: Any) -> None:
    settings.CURRENCY = "EUR"
    cinema = make_cinema()
    assert (cinema.currency, cinema.booking_fee_per) == ("EUR", "ticket")
    assert cinema.booking_fee == 0


def test_the_old_release_can_add_a_cinema_while_it_still_runs() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO shows_cinema (name, slug, city, address, timezone)"
            " VALUES ('Regal', 'regal', 'Mumbai', '', 'Asia/Kolkata')"
        )
    cinema = Cinema.objects.get(slug="regal")
    assert (cinema.currency, cinema.booking_fee_per, cinema.tax_number) == ("INR", "ticket", "")
    assert cinema.booking_fee == 0


def test_staff_set_the_fee_and_what_invoices_say(client: Client) -> None:
    cinema = make_cinema()
    assert not change(
        client,
        cinema,
        booking_fee="20.50",
        booking_fee_per="order",
        legal_name="Regal Private Limited",
        tax_number="27aapfu0939f 1zv",
        tax_place="IN-MH",
    )
    cinema.refresh_from_db()
    assert (cinema.booking_fee, cinema.booking_fee_per) == (Decimal("20.50"), "order")
    assert (cinema.legal_name, cinema.tax_place) == ("Regal Private Limited", "IN-MH")
    assert cinema.tax_number == "27AAPFU0939F1ZV"


def test_a_tax_number_of_another_country_only_loses_its_spaces(client: Client) -> None:
    cinema = make_cinema()
    assert not change(client, cinema, tax_place="DE", tax_number="DE 123456789")
    cinema.refresh_from_db()
    assert cinema.tax_number == "DE123456789"


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"currency": "XYZ"}, "currency", "Select a valid choice"),
        ({"booking_fee": "-1"}, "booking_fee", "greater than or equal to 0"),
        ({"booking_fee": "1.255", "currency": "KWD"}, "booking_fee", "2 decimal places"),
        ({"booking_fee": "20.50", "currency": "JPY"}, "booking_fee", "JPY, which has no decimals"),
        ({"tax_place": "IN MH"}, "tax_place", "ISO 3166"),
        ({"tax_place": "in-mh"}, "tax_place", "ISO 3166"),
        ({"tax_place": "IN-MH", "tax_number": "27AAPFU0939"}, "tax_number", "15 characters"),
        (
            {"tax_place": "IN-MH", "tax_number": "27AAPFU0993F1ZV"},
            "tax_number",
            "One character of this GSTIN is wrong",
        ),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    client: Client, values: dict[str, str], field: str, words: str
) -> None:
    assert words in str(change(client, make_cinema(), **values)[field])


def test_the_currency_changes_until_the_first_hold(client: Client) -> None:
    show = make_show()
    cinema = show.screen.cinema
    assert not change(client, cinema, currency="JPY")
    cinema.refresh_from_db()
    assert cinema.currency == "JPY"

    held = sales.hold_seats(user=make_user(), show_id=show.pk, labels=["A1"])
    assert "There are bookings in JPY" in str(change(client, cinema, currency="INR")["currency"])
    Booking.objects.filter(pk=held.pk).update(status="FAILED", ended_reason="released")
    assert "There are bookings in JPY" in str(change(client, cinema, currency="INR")["currency"])
    # Everything else may still change.
    assert not change(client, cinema, booking_fee="100")


def test_archived_bookings_keep_the_currency(client: Client) -> None:
    show = make_show()
    make_booking(show, ["A1"])
    ago = timedelta(days=730)
    times = {name: F(name) - ago for name in ("starts_at", "ends_at", "busy_until")}
    Show.objects.filter(pk=show.pk).update(**times)
    assert archive_batch(size=1).bookings == 1
    assert not Booking.objects.exists()
    errors = change(client, show.screen.cinema, currency="EUR")
    assert "There are bookings in INR" in str(errors["currency"])


def test_a_show_with_a_finer_price_keeps_the_currency(client: Client) -> None:
    show = make_show(standard_price=Decimal("250.50"))
    errors = change(client, show.screen.cinema, currency="JPY")
    assert "paid in JPY, which has no decimals. Change its prices first." in str(errors["currency"])


def test_the_service_refuses_what_the_form_did_not_see() -> None:
    show = make_show()
    make_booking(show, ["A1"])
    with pytest.raises(CurrencyInUse), transaction.atomic():
        allow_new_currency(show.screen.cinema, "EUR")


def test_a_price_that_the_currency_cannot_hold_is_refused() -> None:
    screen = make_screen(cinema=make_cinema(currency="JPY"))
    with pytest.raises(PriceTooFine, match=r"250\.50 can't be paid in JPY"):
        make_show(screen=screen, standard_price=Decimal("250.50"))
    assert not Show.objects.exists()
    show = make_show(screen=screen, standard_price=Decimal("250.00"))
    with pytest.raises(PriceTooFine):
        services.change_terms(
            show=show,
            standard_price=Decimal("0.5"),
            premium_price=Decimal(400),
            format="2D",
            language="",
        )


def test_the_form_of_a_show_says_it_at_the_price(client: Client) -> None:
    show = make_show(screen=make_screen(cinema=make_cinema(currency="JPY")))
    values = {"format": "2D", "language": "Tamil", "standard_price": "1800", "premium_price": "0.5"}
    response = client.post(f"/admin/shows/show/{show.pk}/change/", values)
    assert response.context["adminform"].form.errors == {
        "premium_price": ["0.5 can't be paid in JPY, which has no decimals."]
    }

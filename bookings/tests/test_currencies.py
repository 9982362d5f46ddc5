"""Amounts in the currency of the cinema, wherever a booking is shown, sent or exported."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from reportlab.pdfgen.canvas import Canvas

from accounts.export import account_data
from accounts.models import User
from accounts.outbox.models import Message
from bookings import services
from bookings.archive.services import archive_batch
from bookings.models import Booking
from bookings.payments.checkout.pages import due_words
from bookings.payments.orders.payment_status import payment_status
from bookings.show_changes.services import cancel_show
from bookings.tickets.pdf import ticket_pdf
from shows.models import Show
from tests.support.admin_site import staff_client
from tests.support.api_client import ApiInProcess
from tests.support.factories import make_booking, make_cinema, make_screen, make_show, make_user
from tests.support.outbox import mail_of

pytestmark = pytest.mark.django_db
#: A price, and how the sum of two such seats is shown and sent.
CASES = [
    ("INR", "617250.25", "₹12,34,500.50", "1234500.50"),
    ("EUR", "9.50", "€19.00", "19.00"),
    ("JPY", "1800", "¥3,600", "3600.00"),
    ("KWD", "2.25", "KWD\N{NO-BREAK SPACE}4.500", "4.50"),
]
CURRENCY = pytest.mark.parametrize(("currency", "price", "words", "figure"), CASES)


def sold(currency: str, price: str, *, user: User | None = None) -> Booking:
    screen = make_screen(cinema=make_cinema(currency=currency))
    show = make_show(screen=screen, standard_price=Decimal(price))
    return make_booking(show, ["A1", "A2"], user=user)


@CURRENCY
def test_pages_show_it(currency: str, price: str, words: str, figure: str) -> None:
    user = make_user()
    client = Client()
    client.force_login(user)
    booking = sold(currency, price, user=user)
    for address in ("/bookings/", booking.get_absolute_url()):
        assert words in client.get(address).text, address
    held = services.hold_seats(user=user, show_id=booking.show_id, labels=["B1", "B2"])
    assert words in client.get(held.get_absolute_url()).text
    services.release_hold(user=user, reference=held.reference)
    assert words in client.get(held.get_absolute_url()).text


@CURRENCY
def test_the_ticket_is_printed_with_it(
    currency: str, price: str, words: str, figure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[str] = []

    def draw(canvas: Canvas, x: float, y: float, text: str, *more: Any) -> None:
        printed.append(text)
        plainly(canvas, x, y, text, *more)

    plainly = Canvas.drawString
    monkeypatch.setattr(Canvas, "drawString", draw)
    booking = Booking.objects.with_show().select_related("user").get(pk=sold(currency, price).pk)
    due = due_words(payment_status(booking))
    assert ticket_pdf(booking, money=due).startswith(b"%PDF")
    assert f"To pay at the cinema: {words}" in printed


@CURRENCY
def test_mails_name_it(currency: str, price: str, words: str, figure: str) -> None:
    cancel_show(by=make_user(is_staff=True), show_id=sold(currency, price).show_id)
    mail = mail_of(Message.objects.get())
    assert words in mail.body
    assert words in unescape(str(mail.alternatives[0][0]))


@CURRENCY
def test_the_api_the_exports_and_the_admin_name_it(
    currency: str, price: str, words: str, figure: str
) -> None:
    user = make_user()
    booking = sold(currency, price, user=user)
    data = ApiInProcess(Client()).get(f"bookings/{booking.pk}", by=user).data
    assert (data["totalAmount"], data["currency"]) == (figure, currency)

    (exported,) = account_data(user)["bookings"]
    assert (f"{exported['totalAmount']}", exported["currency"]) == (figure, currency)

    staff = staff_client()
    for model in ("bookings/booking", "shows/show"):
        address = f"/admin/export/{model}/"
        text = staff.get(address).getvalue().decode("utf-8-sig")
        (row,) = csv.DictReader(io.StringIO(text))
        assert row["currency"] == currency
    assert words in staff.get("/admin/bookings/booking/").text
    assert words in staff.get(f"/admin/bookings/booking/{booking.pk}/change/").text


@CURRENCY
def test_an_archived_booking_keeps_it(currency: str, price: str, words: str, figure: str) -> None:
    user = make_user()
    booking = sold(currency, price, user=user)
    ago = timedelta(days=730)
    times = {name: F(name) - ago for name in ("starts_at", "ends_at", "busy_until")}
    Show.objects.filter(pk=booking.show_id).update(**times)
    assert archive_batch(size=1).bookings == 1
    client = Client()
    client.force_login(user)
    assert words in client.get(booking.get_absolute_url()).text
    staff = staff_client()
    assert words in staff.get("/admin/archive/archivedbooking/?status__exact=CONFIRMED").text

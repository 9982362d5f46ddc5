"""The receipt on the ticket page and in the API: for its owner only, clear while it is written."""

import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from accounts.models import User
from bookings.documents.models import TaxDocument
from bookings.documents.numbering import number_documents
from bookings.models import Booking
from bookings.payments.models import Payment
from shows.models import Seat
from tests.support.documents import make_given_back, make_paid, make_taxed_show
from tests.support.factories import make_booking, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def payment() -> Payment:
    return make_paid(make_taxed_show(), ["A1", "A2"])


def get(payment: Payment, by: User | None) -> Any:
    client = Client()
    if by is not None:
        client.force_login(by)
    return client.get(reverse("bookings:receipt", args=[payment.order.booking_reference]))


def test_until_it_has_its_number_the_page_says_when_it_will_be_there(payment: Payment) -> None:
    response = get(payment, payment.order.user)
    assert response.status_code == 409
    assert response["Retry-After"] == "30"
    assert "Your receipt is being written" in response.content.decode()


def test_the_receipt_has_the_invoice_and_its_credit_notes(payment: Payment) -> None:
    make_given_back(payment, 20_000)
    number_documents()
    response = get(payment, payment.order.user)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/pdf"
    invoice, _note = TaxDocument.objects.order_by("pk")
    name = invoice.code.replace("/", "-")
    assert response["Content-Disposition"] == f'inline; filename="{name}.pdf"'
    assert "no-store" in response["Cache-Control"]
    first, second = PdfReader(io.BytesIO(response.content)).pages
    assert "Tax invoice" in first.extract_text()
    assert "Credit note" in second.extract_text()


def test_nobody_else_gets_it(payment: Payment) -> None:
    number_documents()
    assert get(payment, make_user()).status_code == 404
    assert get(payment, None).status_code == 302


def test_without_a_payment_there_is_no_receipt() -> None:
    booking = make_booking(make_taxed_show(), ["A1"])
    client = Client()
    client.force_login(booking.user)
    address = reverse("bookings:receipt", args=[booking.reference])
    assert client.get(address).status_code == 404


def test_it_is_there_when_the_booking_is_archived(payment: Payment) -> None:
    number_documents()
    Seat.objects.update(booking=None)
    Booking.objects.filter(pk=payment.order.booking_id).delete()
    assert get(payment, payment.order.user).status_code == 200


def test_the_ticket_links_to_the_receipt_of_what_was_paid(payment: Payment) -> None:
    client, booking = Client(), payment.order.booking
    client.force_login(booking.user)
    address = reverse("bookings:receipt", args=[booking.reference])
    assert address in client.get(booking.get_absolute_url()).content.decode()
    unpaid = make_booking(booking.show, ["B1"], user=booking.user)
    assert "receipt.pdf" not in client.get(unpaid.get_absolute_url()).content.decode()
    Booking.objects.filter(pk=booking.pk).update(status="CANCELLED", ended_reason="cinema")
    assert address in client.get(booking.get_absolute_url()).content.decode()

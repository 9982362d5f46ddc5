"""What the PDF of an invoice and a credit note says, for all currencies and scripts."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from pypdf import PdfReader

from bookings.documents.amounts import figure
from bookings.documents.models import Kind, TaxDocument
from bookings.documents.numbering import Look, number_documents
from bookings.documents.pdf import documents_pdf
from bookings.payments.models import Payment
from tests.support.documents import MUMBAI, make_given_back, make_paid, make_taxed_show
from tests.support.factories import (
    hall,
    make_booking,
    make_cinema,
    make_movie,
    make_screen,
    make_show,
    make_user,
)
from tests.support.money import make_order, make_payment

pytestmark = pytest.mark.django_db(transaction=True)
SALE = datetime(2026, 11, 26, 20, tzinfo=UTC)


def pages(*documents: TaxDocument) -> list[str]:
    reader = PdfReader(io.BytesIO(documents_pdf(documents)))
    return [page.extract_text().replace("\N{NO-BREAK SPACE}", " ") for page in reader.pages]


def test_an_invoice_names_all_that_the_law_asks_for() -> None:
    movie = make_movie("Anatomy of a Fall")
    make_paid(make_taxed_show(movie=movie), ["A1", "A2", "E4"], fee=6_000, at=SALE)
    number_documents(Look.EVERYTHING)
    (text,) = pages(TaxDocument.objects.get())
    for words in (
        "Tax invoice",
        "MUM1/26-27/00001",
        # 20:00 UTC is half past one on the next day in Mumbai.
        "27 November 2026",
        "Arcadia Cinemas Private Limited",
        "Senapati Bapat Marg, Lower Parel, Mumbai",
        "GSTIN 27AAPFU0939F1ZV",
        "Place of supply: Maharashtra (27)",
        "Asha Rao",
        "Anatomy of a Fall",
        "Amounts in INR",
        "SAC",
        "999692",
        "Seats A1, A2",
        "2 × 250.00",
        "Seat E4",
        "Booking fee",
        "Taxable value",
        "813.55",
        "18 %",
        "CGST 9 % on 813.55",
        "SGST 9 % on 813.55",
        "73.23",
        "73.22",
        "INR 960.00",
    ):
        assert words in text, words


def test_a_credit_note_names_its_invoice() -> None:
    payment = make_paid(make_taxed_show(), ["A1", "A2"])
    make_given_back(payment)
    number_documents()
    invoice, note = TaxDocument.objects.order_by("pk")
    text = pages(note)[0]
    assert "Credit note" in text
    assert f"{invoice.code} of {invoice.date.day} {invoice.date:%B %Y}" in text
    assert "Given back" in text
    assert "INR 500.00" in text
    assert len(pages(invoice, note)) == 2


def test_the_same_document_is_the_same_bytes() -> None:
    make_paid(make_taxed_show(), ["A1"])
    number_documents()
    document = TaxDocument.objects.get()
    assert documents_pdf([document]) == documents_pdf([document])


def in_currency(currency: str, amount: int, **cinema: str) -> Payment:
    show = make_taxed_show(cinema=make_cinema(**{"city": "Berlin", "currency": currency} | cinema))
    booking = make_booking(show, ["A1"])
    order = make_order(booking, state="PAID", currency=currency, total=amount)
    return make_payment(order, "CAPTURED", captured=amount)


@pytest.mark.parametrize(
    ("currency", "minor", "shown"),
    [
        ("INR", 12_345_650, "1,23,456.50"),
        ("INR", 100_000_00, "1,00,000.00"),
        ("EUR", 123_456_50, "123,456.50"),
        ("JPY", 123_456, "123,456"),
        ("KWD", 1_234_500, "1,234.500"),
        ("KRW", 9_000, "9,000"),
        ("KWD", -5, "−0.005"),
        ("INR", 0, "0.00"),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(currency: str, minor: int, shown: str) -> None:
    assert figure(minor, currency) == shown


@pytest.mark.parametrize(("currency", "total"), [("JPY", "JPY 25,000"), ("KWD", "KWD 25.000")])
def test_an_invoice_in_yen_and_in_dinars(currency: str, total: str) -> None:
    in_currency(currency, 25_000)
    number_documents()
    document = TaxDocument.objects.get()
    assert (document.currency, document.gross) == (currency, 25_000)
    text = pages(document)[0]
    assert f"Amounts in {currency}" in text
    assert total in text


def test_other_scripts_and_long_names_break_nothing() -> None:
    cinema = make_cinema(
        name="रीगल",
        city="मुंबई",
        timezone="Asia/Kolkata",
        address="बांद्रा",
        legal_name="सिनेमा कंपनी",
        tax_place="IN-MH",
    )
    user = make_user(name="आशा राव")
    show = make_taxed_show(cinema=cinema, movie=make_movie("शोले"))
    booking = make_booking(show, ["A1"], user=user)
    make_payment(make_order(booking, state="PAID"), "CAPTURED")
    long_show = make_taxed_show(
        cinema=make_cinema(**MUMBAI | {"legal_name": "W" * 200, "address": "Lane " * 40}),
        movie=make_movie("M" * 190),
    )
    make_paid(long_show, ["A1"])
    number_documents()
    for document in TaxDocument.objects.all():
        (text,) = pages(document)
        assert document.code in text
        assert "Seat A1" in text


def test_an_order_of_many_prices_goes_on_on_a_second_page(settings: Any) -> None:
    settings.MAX_SEATS_PER_BOOKING = 60
    show = make_show(screen=make_screen(hall(1, 60), cinema=make_cinema(**MUMBAI)))
    booking = make_booking(show, [f"R1-{seat}" for seat in range(1, 61)])
    payment = make_payment(make_order(booking, state="PAID"), "CAPTURED")
    number_documents()
    document = TaxDocument.objects.get(payment=payment)
    assert "R1-60" in pages(document)[0]
    for place, line in enumerate(document.lines):
        line["unit"] += place  # Each seat has a price of its own now, so a row of its own.
    _first, *others = pages(document)
    assert others
    assert "continued" in others[0]
    assert "INR 15,000.00" in others[-1]
    assert TaxDocument.objects.filter(kind=Kind.INVOICE).count() == 1


def test_without_tax_it_is_an_invoice_and_no_tax_invoice() -> None:
    show = make_taxed_show(cinema=make_cinema())
    make_paid(show, ["A1"])
    number_documents()
    text = pages(TaxDocument.objects.get())[0]
    assert "Tax invoice" not in text
    assert "Invoice" in text
    assert show.screen.cinema.name in text

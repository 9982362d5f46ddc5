"""The mail with the ticket: when it is written, what it says, what is attached."""

import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail as sent
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from icalendar import Calendar
from pypdf import PdfReader

from accounts.models import User
from accounts.outbox.models import Message
from accounts.outbox.registry import Drop, Later
from accounts.outbox.sending import send_due
from bookings import services
from bookings.documents.numbering import number_documents
from bookings.errors import BookingExpired
from bookings.messages.services import write_booked
from bookings.models import Booking
from bookings.payments.models import Order
from bookings.payments.states import OrderState, PaymentState
from bookings.tasks import number_documents as number_documents_task
from shows.models import Show
from tests.support.factories import (
    begin,
    lapse,
    make_cinema,
    make_movie,
    make_screen,
    make_show,
    make_user,
)
from tests.support.factories import (
    make_booking_with_mail as make_booking,
)
from tests.support.mails import (
    as_received,
    composed,
    files_of,
    html_of,
    text_of,
    the_mail,
    written,
)
from tests.support.money import make_order, make_payment

pytestmark = pytest.mark.django_db
CONFIRMED = "booking-confirmed"


def pdf_text(content: bytes) -> str:
    pages = PdfReader(io.BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def paid(show: Show, labels: list[str]) -> Booking:
    booking = make_booking(show, labels)
    make_payment(make_order(booking, state=OrderState.PAID), PaymentState.CAPTURED)
    return booking


def show_in(city: str, zone: str, currency: str = "INR", **fields: Any) -> Show:
    cinema = make_cinema(city=city, timezone=zone, currency=currency, address="1 High Street")
    return make_show(screen=make_screen(cinema=cinema), **fields)


def test_a_confirmation_writes_one_mail_in_its_own_trip() -> None:
    user, show = make_user(email_confirmed_at=timezone.now()), make_show()
    held = services.hold_seats(user=user, show_id=show.pk, labels=["A1"])
    with CaptureQueriesContext(connection) as queries:
        services.confirm_booking(user=user, reference=held.reference, show_id=show.pk)
    said = [str(query["sql"]) for query in queries if "SAVEPOINT" not in str(query["sql"])]
    assert len(said) == 2, "the booking's lock and CONFIRM_HOLD, sent together"
    (insert,) = [sql for sql in said if "INSERT INTO outbox_message" in sql]
    assert "UPDATE bookings_booking" in insert
    services.confirm_booking(user=user, reference=held.reference)
    (message,) = written(CONFIRMED)
    assert (message.key, message.user, message.booking, message.show) == (
        f"{CONFIRMED}:{held.pk}",
        user,
        held.pk,
        show.pk,
    )
    assert (message.priority, message.channel, message.recipient) == (0, "mail", user.email)


def test_a_confirmation_that_is_refused_writes_no_mail() -> None:
    user = make_user()
    held = services.hold_seats(user=user, show_id=make_show().pk, labels=["A1"])
    lapse(held)
    with pytest.raises(BookingExpired):
        services.confirm_booking(user=user, reference=held.reference)
    assert not written()


def test_both_ways_to_confirm_write_the_same_row() -> None:
    booking = make_booking(make_show(), ["A1"])
    fields = ("kind", "user", "show", "booking", "priority", "address", "data", "channel")
    (by_confirmation,) = Message.objects.values_list(*fields)
    write_booked(booking)
    assert Message.objects.count() == 1, "one key, one mail"
    Message.objects.all().delete()
    write_booked(booking)
    assert Message.objects.values_list(*fields).get() == by_confirmation


def test_the_mail_says_all_that_somebody_needs_on_the_way_to_the_cinema(settings: Any) -> None:
    starts = datetime(timezone.now().year + 1, 7, 4, 18, 30, tzinfo=UTC)
    show = show_in("London", "Europe/London", "GBP", starts_at=starts, movie=make_movie("Amélie"))
    booking = make_booking(show, ["A1", "A2"])
    mail = the_mail(CONFIRMED)
    assert mail.subject == f"Your ticket: Amélie, {starts:%a} 4 Jul {starts.year}, 19:30"
    link = f"{settings.SITE_URL}/bookings/{booking.reference}/"
    for words in (text_of(mail), html_of(mail)):
        for said in (
            "Amélie",
            f"{starts:%A} 4 July {starts.year}",
            "19:30",
            show.screen.cinema.name,
            show.screen.name,
            "1 High Street, London",
            "A1, A2",
            booking.reference,
            "To pay at the cinema: £500.00",
            "You can cancel on the ticket’s page until the show begins.",
            link,
            "https://www.google.com/maps/search/?api=1&query=",
        ):
            assert said in words, said
    assert "<" not in str(mail.body)


def test_the_ticket_and_the_calendar_entry_open() -> None:
    show = show_in("New York", "America/New_York", "USD")
    booking = make_booking(show, ["A1"])
    files = files_of(the_mail(CONFIRMED))
    assert list(files) == [f"ticket-{booking.reference}.pdf", f"ticket-{booking.reference}.ics"]
    pdf, ics = files.values()
    assert booking.reference in pdf_text(pdf)
    assert "To pay at the cinema: $250" in pdf_text(pdf)
    (event,) = Calendar.from_ical(ics).walk("VEVENT")
    assert event.decoded("dtstart") == show.starts_at.replace(microsecond=0)
    assert str(event.decoded("dtstart").tzinfo) == str(ZoneInfo("America/New_York"))
    assert "token" not in ics.decode(), "calendars are shared"


@pytest.mark.parametrize(
    ("currency", "price", "words"),
    [("JPY", "1800", "¥1,800"), ("KWD", "2.25", "KWD\xa02.250"), ("INR", "250", "₹250")],
)
def test_amounts_are_in_the_cinemas_currency(currency: str, price: Decimal, words: str) -> None:
    make_booking(show_in("X", "UTC", currency, standard_price=Decimal(price)), ["A1"])
    mail = the_mail(CONFIRMED)
    assert f"To pay at the cinema: {words}" in str(mail.body)
    assert f"To pay at the cinema: {words}" in html_of(mail)


def test_a_free_booking_says_that_there_is_nothing_to_pay() -> None:
    make_booking(make_show(standard_price=Decimal(0)), ["A1"])
    mail = the_mail(CONFIRMED)
    assert "Nothing to pay" in text_of(mail)
    assert "pay at the cinema" not in text_of(mail)


@pytest.mark.parametrize(
    "title",
    [
        "Tom & Jerry <3",
        "Film\r\nBcc: spy@example.com",
        "羅生門",
        'O’Neil "Bob": 100 %\N{ZERO WIDTH SPACE}',
        "Long " * 40,
        "Right \u202eto left",
    ],
)
def test_any_title_can_be_sent_and_adds_no_header(title: str) -> None:
    make_booking(make_show(movie=make_movie(title.strip()[:200])), ["A1"])
    read = as_received(the_mail(CONFIRMED))
    assert read["Bcc"] is None
    assert "\n" not in read["Subject"]
    assert str(read["Subject"]).strip().startswith("Your ticket: ")


def test_a_paid_ticket_waits_for_its_receipt_for_a_bounded_time() -> None:
    booking = paid(make_show(), ["A1"])
    (message,) = written(CONFIRMED)
    later = composed(message)
    assert isinstance(later, Later)
    assert later.at < message.created_at + timedelta(seconds=30)

    number_documents()
    files = files_of(composed(message))
    assert len(files) == 3
    receipt = pdf_text(list(files.values())[2])
    assert "Invoice" in receipt
    assert booking.reference in receipt
    assert "and the receipt" in text_of(composed(message))


def test_a_mail_that_waits_for_its_receipt_is_due_as_soon_as_that_is_numbered() -> None:
    paid(make_show(), ["A1"])
    assert send_due().sent == 0
    later = Message.objects.get().next_try_at
    number_documents_task()
    assert Message.objects.get().next_try_at < later
    assert send_due().sent == 1
    (letter,) = sent.outbox
    assert len(letter.attachments) == 3


def test_without_its_receipt_the_ticket_goes_after_that_time() -> None:
    paid(make_show(), ["A1"])
    Message.objects.update(created_at=F("created_at") - timedelta(seconds=91))
    mail = the_mail(CONFIRMED)
    assert len(files_of(mail)) == 2
    assert "receipt" not in text_of(mail)


def test_the_money_that_is_being_taken_is_waited_for_too() -> None:
    booking = make_booking(make_show(), ["A1"])
    make_payment(make_order(booking, state=OrderState.PAID), PaymentState.CAPTURE_DUE)
    (message,) = written(CONFIRMED)
    assert isinstance(composed(message), Later)


def test_no_ticket_is_sent_for_a_booking_that_is_over() -> None:
    booking = make_booking(make_show(), ["A1"])
    services.cancel_booking(user=booking.user, reference=booking.reference)
    (message,) = written(CONFIRMED)
    assert isinstance(composed(message), Drop)
    assert [m.kind for m in written()] == [CONFIRMED, "booking-cancelled"]


def test_a_show_that_was_moved_meanwhile_is_told_with_its_new_time() -> None:
    booking = make_booking(make_show(), ["A1"])
    begin(booking.show)
    mail = the_mail(CONFIRMED)
    assert "If you can’t come" not in text_of(mail), "too late to cancel"


def test_a_late_payer_reads_that_the_seats_are_theirs_after_all() -> None:
    booking = paid(make_show(), ["A1"])
    Order.objects.update(created_at=booking.created_at - timedelta(minutes=5))
    number_documents()
    assert "Your time to pay had run out" in text_of(the_mail(CONFIRMED))


def test_composing_changes_nothing() -> None:
    make_booking(make_show(), ["A1"])
    (message,) = written(CONFIRMED)
    with CaptureQueriesContext(connection) as queries:
        composed(message)
    assert {query["sql"].split()[0] for query in queries} == {"SELECT"}


def test_a_person_with_a_closed_account_or_another_address_is_found_at_sending(
    settings: Any,
) -> None:
    user: User = make_user("asha@example.com")
    make_booking(make_show(), ["A1"], user=user)
    User.objects.filter(pk=user.pk).update(email="rao@example.com")
    (message,) = written(CONFIRMED)
    assert message.recipient == "rao@example.com"


def test_a_booking_in_the_archive_has_no_ticket() -> None:
    make_booking(make_show(), ["A1"])
    (message,) = written(CONFIRMED)
    message.booking = 0
    assert isinstance(composed(message), Drop)
    assert Booking.objects.exists()

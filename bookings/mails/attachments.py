"""The files of a mail about a ticket: the ticket, a calendar entry, the receipt."""

from django.core.mail import EmailMultiAlternatives

from bookings.documents.errors import ReceiptNotFound, ReceiptNotReady
from bookings.documents.models import TaxDocument
from bookings.documents.receipts import receipt_of
from bookings.models import Booking
from bookings.payments.checkout.pages import due_words, paid_words
from bookings.payments.models import Order, Payment
from bookings.payments.orders.payment_status import PaymentStatus
from bookings.tickets.services import calendar_entry
from bookmyshow.core.mail import site_link


def attach_ticket(mail: EmailMultiAlternatives, booking: Booking, money: PaymentStatus) -> None:
    """Attach the ticket and its calendar entry.

    The entry leads to the booking's page, without a token: people share their calendars.
    """
    # Imported here, because web workers attach nothing: reportlab and Pillow are 5 MiB.
    from bookings.tickets.pdf import ticket_pdf

    due = due_words(money)
    name = f"ticket-{booking.reference}"
    ticket = ticket_pdf(booking, money=due or paid_words(money))
    mail.attach(f"{name}.pdf", ticket, "application/pdf")
    page = site_link(booking.get_absolute_url())
    entry = calendar_entry(booking, address=page, due=due)
    mail.attach(f"{name}.ics", entry.decode(), "text/calendar")


def attach_receipt(mail: EmailMultiAlternatives, documents: list[TaxDocument]) -> None:
    """Attach the invoice and the credit notes of a booking, as one file. Nothing without any."""
    if documents:
        from bookings.documents.pdf import documents_pdf

        name = documents[0].code.replace("/", "-")
        mail.attach(f"{name}.pdf", documents_pdf(documents), "application/pdf")


def receipts(booking: Booking) -> list[TaxDocument] | None:
    """The documents of a booking. None: it is paid, and its invoice will have a number soon."""
    orders = Order.objects.filter(booking_reference=booking.reference)
    try:
        return receipt_of(orders)
    except ReceiptNotReady:
        return None
    except ReceiptNotFound:
        is_being_taken = Payment.objects.kept().filter(order__in=orders).exists()
        return None if is_being_taken else []

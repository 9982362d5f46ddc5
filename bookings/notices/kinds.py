"""The kinds of mails about shows and about money, with their words for staff."""

from enum import StrEnum


class Kind(StrEnum):
    SHOW_CANCELLED = "show-cancelled"
    SHOW_MOVED = "show-moved"
    TICKET_PAID = "ticket-paid"
    MONEY_BACK = "money-back"
    REFUNDED = "refunded"
    PAYMENT_REFUSED = "payment-refused"
    BOOKING_CANCELLED = "booking-cancelled"


LABELS = {
    Kind.SHOW_CANCELLED: "Show cancelled",
    Kind.SHOW_MOVED: "Show moved",
    Kind.TICKET_PAID: "Ticket paid",
    Kind.MONEY_BACK: "Late or surplus money goes back",
    Kind.REFUNDED: "Money given back",
    Kind.PAYMENT_REFUSED: "Payment refused after all",
    Kind.BOOKING_CANCELLED: "Booking cancelled by staff",
}

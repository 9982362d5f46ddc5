"""The kinds of mails about bookings, shows and money, with their words for staff."""

from enum import StrEnum


class Kind(StrEnum):
    BOOKING_CONFIRMED = "booking-confirmed"
    TICKET_PAID = "ticket-paid"
    PAYMENT_REFUSED = "payment-refused"
    SHOW_REMINDER = "show-reminder"
    SHOW_CANCELLED = "show-cancelled"
    SHOW_MOVED = "show-moved"
    BOOKING_CANCELLED = "booking-cancelled"
    MONEY_BACK = "money-back"
    REFUND_ON_ITS_WAY = "refund-on-its-way"
    REFUNDED = "refunded"


LABELS = {
    Kind.BOOKING_CONFIRMED: "Ticket",
    Kind.TICKET_PAID: "Ticket paid afterwards",
    Kind.PAYMENT_REFUSED: "Payment refused after all",
    Kind.SHOW_REMINDER: "Show begins soon",
    Kind.SHOW_CANCELLED: "Show cancelled",
    Kind.SHOW_MOVED: "Show moved",
    Kind.BOOKING_CANCELLED: "Booking cancelled",
    Kind.MONEY_BACK: "Late or surplus money goes back",
    Kind.REFUND_ON_ITS_WAY: "Refund on its way",
    Kind.REFUNDED: "Refund complete",
}

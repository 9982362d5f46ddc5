"""Why the counter refuses to take money, to undo a payment, or to store a count."""

from bookings.errors import BookingError
from bookmyshow.core.errors import NotFound


class CounterError(BookingError):
    """Base of the refusals of the counter. Nothing was changed.

    They have no codes, because the API has no counter.
    """


class NothingToPay(CounterError):
    """The booking costs nothing, is not confirmed, or is over."""

    message = "There is nothing to pay for this booking."


class PaidAlready(CounterError):
    """Another clerk, or the customer online, paid first. Take no money."""

    message = "Take no money: this booking is paid already."


class PaidOnlineNow(CounterError):
    """The customer's money is authorised, and the provider is being asked for it."""

    message = "Take no money: the customer is paying online right now. Look again in a moment."


class AmountChanged(CounterError):
    """The amount due is not the one that the clerk saw."""

    message = "Nothing was taken: the amount has changed. Look at the new one, then take it."


class OtherCounter(CounterError):
    """The show is at another cinema than this counter."""

    message = "Nothing was taken: this show is at another cinema, and its money is taken there."


class RefundNotFound(CounterError, NotFound):
    message = "There is no such money to hand back."


class TooLateToUndo(CounterError):
    message = "It is too late to undo this payment here. A manager can refund it from the booking."


class NotTakenByYou(CounterError):
    message = "Only the clerk who took this money, or a manager, can undo it."


class UndoneAlready(CounterError):
    message = "This payment was given back already."


class DayNotBegun(CounterError):
    message = "This day has not begun yet."


class DrawerCountedMeanwhile(CounterError):
    """There is a count that the person did not see."""

    message = "Nothing was stored: this drawer was counted meanwhile. Look at that count first."


class PageTooOld(CounterError):
    """The form was used before, for a payment that was undone or for another booking."""

    message = "Nothing was taken: this page was used before. Look again, then take the money."

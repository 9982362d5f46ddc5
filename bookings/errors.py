"""What can go wrong with a booking, in words for the person who books; codes as in the JSON API."""

from collections.abc import Sequence


class BookingError(Exception):
    """A rule of SPEC §4 said no, and nothing was changed."""

    code = "BOOKING_ERROR"
    message = "This booking can't be made."

    def __init__(self, message: str = "") -> None:
        self.message = message or self.message
        super().__init__(self.message)


class InvalidSeats(BookingError):
    code = "VALIDATION_ERROR"
    message = "Choose seats of this show."


class SeatsUnavailable(BookingError):
    """Someone else has these seats; `labels` are in plan order."""

    code = "SEATS_UNAVAILABLE"

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = list(labels)
        names = ", ".join(self.labels)
        gone = "is no longer free" if len(self.labels) == 1 else "are no longer free"
        noun = "Seat" if len(self.labels) == 1 else "Seats"
        super().__init__(f"{noun} {names} {gone}. Please choose again.")


class BookingNotFound(BookingError):
    code = "NOT_FOUND"
    message = "There is no such booking of yours."


class ShowNotFound(BookingError):
    code = "NOT_FOUND"
    message = "There is no such show."


class BookingExpired(BookingError):
    code = "BOOKING_EXPIRED"
    message = "Your hold ran out before it was confirmed, and the seats are free again."


class BookingNotPending(BookingError):
    code = "BOOKING_NOT_PENDING"
    message = "This booking is over and can't be confirmed."


class BookingUsed(BookingError):
    """Its people are in the hall."""

    code = "BOOKING_NOT_PENDING"
    message = "This ticket was used at the door, so it can't be cancelled any more."


class ShowNotBookable(BookingError):
    code = "SHOW_NOT_BOOKABLE"
    message = "This show can't be booked any more."


class ShowBusy(BookingError):
    """The wait for the show's lock ran out."""

    code = "SHOW_BUSY"
    message = "Many people are booking this show right now. Please try again in a moment."
    retry_after = 2


class IdempotencyKeyReused(BookingError):
    code = "IDEMPOTENCY_KEY_REUSED"
    message = "This Idempotency-Key was used for another request; use a new key."

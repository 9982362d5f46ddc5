"""What can go wrong with a booking, in words for the person who books; codes as in the JSON API."""

from collections.abc import Sequence

from bookmyshow.core.templatetags.formatting import wait


class BookingError(Exception):
    """A rule of docs/spec.md §4 said no, and nothing was changed."""

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


class ShowMoved(ShowNotBookable):
    """The show moved after the page that confirms it was loaded."""

    message = (
        "Not confirmed yet: the cinema moved this show. Look at the new time, then confirm again."
    )


class ShowBusy(BookingError):
    """The wait for the show's lock ran out."""

    code = "SHOW_BUSY"
    message = "Many people are booking this show right now. Please try again in a moment."
    retry_after = 2


class TooManySeats(BookingError):
    """One person may not have that many seats at one show."""

    code = "TOO_MANY_SEATS"

    def __init__(self, most: int, *, bought: int = 0) -> None:
        have = f" You have bought {bought} already." if bought else ""
        super().__init__(f"One person can have at most {most} seats at a show.{have}")


class TooManyHolds(BookingError):
    """The person has live holds at too many shows."""

    code = "TOO_MANY_HOLDS"

    def __init__(self, most: int) -> None:
        shows = f"{most} other shows" if most != 1 else "another show"
        super().__init__(
            f"You are holding seats at {shows}. Confirm or release some of them first."
        )


class HoldPaused(BookingError):
    """The person held seats of this show for long without buying them. `retry_after` in seconds."""

    code = "HOLD_PAUSED"

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(
            "You have held seats at this show for some time without buying them. To give others "
            f"a chance, you can hold seats here again in {wait(retry_after)}."
        )


class AddressLimit(BookingError):
    """Too many seats of the show are on hold from one address."""

    code = "ADDRESS_LIMIT"
    message = (
        "Many seats of this show are on hold from your network right now. "
        "Please try again in a moment."
    )
    retry_after = 15


class EmailNotConfirmed(BookingError):
    """A person whose email address isn't confirmed may not have tickets for that many seats."""

    code = "EMAIL_NOT_CONFIRMED"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"To have tickets for more than {most} seats, confirm your email address first: follow "
            "the link that we sent you, or ask for a new one in your profile."
        )


class NetworkNotConfirmed(EmailNotConfirmed):
    """Too many seats of the show were bought from this address without a confirmed email."""

    def __init__(self) -> None:
        BookingError.__init__(
            self,
            "Many seats of this show were bought from your network without a confirmed email "
            "address. Confirm yours first: follow the link that we sent you, or ask for a new one "
            "in your profile.",
        )


class IdempotencyKeyReused(BookingError):
    code = "IDEMPOTENCY_KEY_REUSED"
    message = "This Idempotency-Key was used for another request; use a new key."

"""The errors of bookings, with messages for the customer and codes for the JSON API."""

from collections.abc import Sequence

from bookmyshow.core.errors import DomainError, Forbidden, InvalidInput, NotFound
from bookmyshow.core.templatetags.formatting import wait
from shows.errors import ScheduleError
from shows.errors import ShowBusy as ShowBusy  # The services of bookings raise it too.


class BookingError(DomainError):
    """Base of the errors of requests that break a rule of docs/spec.md §4."""


class InvalidSeats(BookingError, InvalidInput):
    message = "Choose seats of this show."


class SeatsUnavailable(BookingError):
    """Other people have these seats. `labels` are in plan order."""

    code = "SEATS_UNAVAILABLE"
    summary = "These seats are no longer free."
    when = "Someone else has a seat; `details.seats` has the labels lost."

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = list(labels)
        names = ", ".join(self.labels)
        gone = "is no longer free" if len(self.labels) == 1 else "are no longer free"
        noun = "Seat" if len(self.labels) == 1 else "Seats"
        super().__init__(
            f"{noun} {names} {gone}. Please choose again.", details={"seats": self.labels}
        )


class OfferedInstead(SeatsUnavailable):
    """The waiting list has just offered other seats to the person who asked for these."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = list(labels)
        names, verb = ", ".join(self.labels), "is" if len(self.labels) == 1 else "are"
        BookingError.__init__(
            self,
            f"You were next on the waiting list: {names} {verb} offered to you now. Go to your "
            "bookings to take the offer, or choose other seats.",
            details={"seats": self.labels},
        )


class BookingNotFound(BookingError, NotFound):
    message = "There is no such booking of yours."


class ShowNotFound(BookingError, NotFound):
    message = "There is no such show."


class GuestDetailsMissing(BookingError, InvalidInput):
    """A guest's hold can't be bought before the guest has given a name and an email."""

    message = "Write your name, email and phone, so that we can send you the ticket."


class AccountNeeded(BookingError, Forbidden):
    """Seats can be held without an account, but not bought (GUEST_CHECKOUT=off)."""

    message = "Log in or create an account to book these seats. They stay held meanwhile."


class BookingExpired(BookingError):
    code = "BOOKING_EXPIRED"
    summary = "The hold ran out."
    when = "Confirming a hold that ran out."
    message = "Your hold ran out before it was confirmed, and the seats are free again."


class PaymentRequired(BookingError):
    """The booking costs something, and nothing is paid at the cinema (PAY_AT_CINEMA)."""

    code = "PAYMENT_REQUIRED"
    status = 402
    summary = "This booking is confirmed by paying for it online."
    when = "Confirming what must be paid online; `details.checkout` is the address of its checkout."

    def __init__(self, booking_id: int) -> None:
        super().__init__(details={"checkout": f"/api/bookings/{booking_id}/checkout"})


class BookingNotPending(BookingError):
    code = "BOOKING_NOT_PENDING"
    summary = "This booking is over."
    when = "Confirming a booking that is over."
    message = "This booking is over and can't be confirmed."


class BookingUsed(BookingNotPending):
    """The ticket was used at the door."""

    message = "This ticket was used at the door, so it can't be cancelled any more."


class ShowNotBookable(BookingError):
    code = "SHOW_NOT_BOOKABLE"
    summary = "This show can't be booked."
    when = "The show started or was cancelled."
    message = "This show can't be booked any more."


class ShowMoved(ShowNotBookable):
    """The show was moved after the buyer loaded the page."""

    message = (
        "Not confirmed yet: the cinema moved this show. Look at the new time, then confirm again."
    )


class ShowIsOver(ShowNotBookable):
    """A show that ended can't be cancelled; a show that began can't be moved."""

    message = "This show is over; there is nothing left to cancel."


class ShowIsCancelled(ShowNotBookable):
    message = "This show is cancelled; schedule a new one."


class TimeOutOfRange(ScheduleError, InvalidInput):
    """A show can't be moved into the past or years ahead."""


class TooManySeats(BookingError):
    """The person would have more seats at one show than is allowed."""

    code = "TOO_MANY_SEATS"
    summary = "One person can't have that many seats at a show."
    when = "Seats held and confirmed at one show are counted together."

    def __init__(self, most: int, *, bought: int = 0) -> None:
        have = f" You have bought {bought} already." if bought else ""
        super().__init__(f"One person can have at most {most} seats at a show.{have}")


class TooManyHolds(BookingError):
    """The person has live holds at too many shows."""

    code = "TOO_MANY_HOLDS"
    summary = "You hold seats at many shows."
    when = "Confirm or release a hold first."

    def __init__(self, most: int) -> None:
        shows = f"{most} other shows" if most != 1 else "another show"
        super().__init__(
            f"You are holding seats at {shows}. Confirm or release some of them first."
        )


class HoldPaused(BookingError):
    """The person held seats of this show too long without buying. `retry_after` is in seconds."""

    code = "HOLD_PAUSED"
    summary = "You have held seats at this show for some time without buying them."
    when = (
        "After two holds at one show that were not confirmed; try again after Retry-After seconds."
    )
    retry_after: int

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            "You have held seats at this show for some time without buying them. To give others "
            f"a chance, you can hold seats here again in {wait(retry_after)}.",
            retry_after=retry_after,
        )


class AddressLimit(BookingError):
    """Too many seats of the show are on hold from one network address."""

    code = "ADDRESS_LIMIT"
    summary = "Many seats of this show are on hold from your network."
    when = "All people of one address are counted together; try again after Retry-After seconds."
    message = (
        "Many seats of this show are on hold from your network right now. "
        "Please try again in a moment."
    )
    retry_after = 15


class GuestsOfAddressLimit(AddressLimit):
    """The same for guests, whose limit is lower. People with an account may still hold seats."""

    message = (
        "Many seats of this show are on hold from your network right now. Log in or sign up to "
        "hold yours, or try again later."
    )


class EmailNotConfirmed(BookingError):
    """A person whose email address isn't confirmed may not have tickets for that many seats."""

    code = "EMAIL_NOT_CONFIRMED"
    summary = "Confirm your email address first."
    when = "Confirming more seats than a person with an unconfirmed email address may have."

    def __init__(self, most: int, *, is_guest: bool = False) -> None:
        super().__init__(
            f"Without an account you can have tickets for {most} seats. For more, log in or sign "
            "up, or open the link in the mail about your tickets first."
            if is_guest
            else f"To have tickets for more than {most} seats, confirm your email address first: "
            "follow the link that we sent you, or ask for a new one in your profile."
        )


class NetworkNotConfirmed(EmailNotConfirmed):
    """Too many seats of the show were bought from one network without a confirmed email."""

    def __init__(self, *, is_guest: bool = False) -> None:
        way = (
            "Log in or sign up, and confirm yours first."
            if is_guest
            else "Confirm yours first: follow the link that we sent you, or ask for a new one in "
            "your profile."
        )
        BookingError.__init__(
            self,
            "Many seats of this show were bought from your network without a confirmed email "
            f"address. {way}",
        )


class EmailUsedOften(EmailNotConfirmed):
    """Many tickets were booked for one address by guests, which nobody has proved."""

    def __init__(self) -> None:
        BookingError.__init__(
            self,
            "Many tickets were booked for this email address in the last hour. Open the link in one"
            " of their mails, or log in or sign up; or try again in an hour.",
        )


class IdempotencyKeyReused(BookingError):
    code = "IDEMPOTENCY_KEY_REUSED"
    message = "This Idempotency-Key was used for another request; use a new key."
    when = "The same key came with another body."

"""Why a person can't join the waiting list of a show."""

from bookings.errors import BookingError


class WaitingError(BookingError):
    """Base of these errors.

    They have no codes, because the API has no waiting list.
    """


class SeatsAreFree(WaitingError):
    message = "There are such seats right now. Choose them on the map before they are gone."


class ListClosed(WaitingError):
    message = "The waiting list of this show is closed, because the show begins soon."


class WaitingRoomFirst(WaitingError):
    """People wait in the waiting room of the show's on-sale (docs/spec.md §20.1)."""

    message = (
        "This show is on sale through its waiting room. You can join this list once nobody waits"
        " there any more."
    )


class AlreadyInLine(WaitingError):
    message = "You are on the waiting list already. Leave it first to ask for other seats."


class OffersPassed(WaitingError):
    """So that a few people can't keep seats in offers, one after the other, without buying them."""

    message = "You let several offers for this show pass. You can still choose seats on the map."


class OtherAddress(WaitingError):
    message = (
        "This link was mailed to another address than the one of your account. Confirm the address "
        "of your account first: there is a link for it in your profile."
    )

"""Why a person can't join, enter, or hold seats during an on-sale (docs/spec.md §24)."""

from bookmyshow.core.errors import DomainError, Forbidden, NotFound

from .models import room_path


class OnSaleError(DomainError):
    """Base of these errors."""


class OnSaleNotFound(OnSaleError, NotFound):
    message = "There is no such waiting room."


class NoPlace(OnSaleError, NotFound):
    message = "You have no place in this waiting room. Join it first."


class LogInFirst(OnSaleError, Forbidden):
    """A guest asked for a place."""

    message = "Log in or create an account to join the waiting room: one place an account."


class NotOpenYet(OnSaleError):
    code = "WAITING_ROOM_NOT_OPEN"
    summary = "The waiting room is not open yet."
    when = "Joining before the waiting room opens; `details.from` is the time."


class SaleClosed(OnSaleError):
    code = "SALE_CLOSED"
    message = "The cinema has closed this sale for the moment. Please come back later."
    when = "The cinema has stopped the sale of a show, or of a film."


class NoWaitingRoom(OnSaleError):
    """The on-sale is switched off: everybody can hold seats."""

    code = "NO_WAITING_ROOM"
    message = "There is no waiting room any more. You can choose seats now."
    when = "Joining or entering a waiting room that is switched off."


class NotYourTurn(OnSaleError):
    code = "NOT_YOUR_TURN"
    message = "It is not your turn yet. Stay on this page: it tells you."
    when = "Entering before one is called."


class CallLapsed(OnSaleError):
    code = "TURN_OVER"
    message = "Your turn is over. You can join again, at the end of the line."
    when = "Entering after the time to come, or the time to choose seats, is over."


class PassRequired(OnSaleError):
    """A hold at a show on sale without a valid pass. `address` is that of the waiting room."""

    code = "PASS_REQUIRED"
    status = 403
    summary = "This show is on sale through its waiting room."
    when = (
        "Holding seats of a show with a waiting room without X-On-Sale-Pass; "
        "`details.waitingRoom` is the address to join."
    )

    def __init__(self, on_sale_id: int) -> None:
        self.address = room_path(on_sale_id)
        details = {"waitingRoom": self.address, "waitingRoomId": on_sale_id}
        super().__init__(details=details)


class PassMissing(PassRequired):
    message = "Many people want to see this. Join the waiting room to choose seats."


class PassInvalid(PassRequired):
    """Changed, or made for another account or another on-sale."""

    message = (
        "This pass is not yours, or not for this sale. Join the waiting room with your account."
    )


class PassExpired(PassRequired):
    message = "Your time to choose seats is over. Join the waiting room again to get more."


class PassUsed(PassRequired):
    """The turn has ended before the time of the pass, usually by a purchase."""

    message = (
        "Your turn has ended: it lasts until you have bought tickets."
        " Join the waiting room again to get more."
    )


class AlreadyDrawn(OnSaleError):
    code = "ALREADY_DRAWN"
    message = "The draw was held, so its times and its way can't change any more."
    when = "Changing the opening of an on-sale after the draw."


class AlreadyOnSale(OnSaleError):
    code = "ALREADY_ON_SALE"
    message = "Another on-sale covers this film, or one of its shows. Switch it off first."
    when = "Scheduling or switching on a second on-sale for a film or show."

"""What push messages about holds and shows say. When one is sent, it is checked again."""

from datetime import datetime

from accounts.outbox.models import Message, Priority
from accounts.outbox.registry import Drop
from accounts.push.content import Content
from accounts.push.kinds import register_kind
from accounts.push.models import Topic
from bookings.models import Booking
from bookings.payments.models import Order, Payment
from bookings.payments.states import OrderState, PaymentState
from bookmyshow.core.templatetags.formatting import clock, day, moment

from .changes import SHOW_CANCELLED, SHOW_MOVED
from .scanners import HOLD_ENDS, SHOW_STARTS

#: The provider has the buyer's money, or has reserved it: the seats are being given for good.
PAID = {PaymentState.AUTHORISED, PaymentState.CAPTURE_DUE, PaymentState.CAPTURED}
LONGEST_TITLE = 60
CONFIRMED, CANCELLED = Booking.Status.CONFIRMED, Booking.Status.CANCELLED


def hold_ends(message: Message) -> Content | Drop:
    """A hold that ends in 30 seconds, or the time to pay for it."""
    booking = _booking(message)
    if booking is None or booking.status_at(booking.now) != Booking.Status.PENDING:
        return Drop("The hold is over.")
    order = Order.objects.filter(booking=booking.pk, state=OrderState.OPEN).first()
    if order and Payment.objects.filter(order=order, state__in=PAID).exists():
        return Drop("The seats are paid for.")
    ends = min(booking.expires_at, order.pay_until) if order else booking.expires_at
    if ends != datetime.fromisoformat(message.data["ends"]):
        return Drop("The hold has another end.")
    return Content(
        title=f"30 seconds left {'to pay' if order else 'for your seats'}",
        body=f"{_film(booking)}: {_seats(booking)}",
        url=booking.get_absolute_url(),
        tag=f"hold-{booking.pk}",
        ttl=_seconds(booking.now, ends),
        urgency="high",
    )


def show_starts(message: Message) -> Content | Drop:
    """A show that starts in two hours."""
    booking = _booking(message)
    if booking is None or booking.status != CONFIRMED:
        return Drop("The ticket is cancelled.")
    show = booking.show
    if show.starts_at != datetime.fromisoformat(message.data["starts_at"]) or show.is_cancelled:
        return Drop("The show starts at another time, or is cancelled.")
    return Content(
        title=f"{_film(booking)} starts at {clock(show.local_start)}",
        body=f"{show.screen.cinema.name}, {show.screen.name}: {_seats(booking)}",
        url=booking.get_absolute_url(),
        tag=f"show-{show.pk}",
        ttl=_seconds(booking.now, show.starts_at),
    )


def show_moved(message: Message) -> Content | Drop:
    booking = _booking(message)
    if booking is None or booking.status != CONFIRMED:
        return Drop("The ticket is cancelled.")
    show = booking.show
    if show.starts_at != datetime.fromisoformat(message.data["to"]) or show.is_cancelled:
        return Drop("The show was changed again.")
    before = datetime.fromisoformat(message.data["from"]).astimezone(show.screen.cinema.tz)
    earlier = clock(before) if day(before) == day(show.local_start) else moment(before)
    return Content(
        title=f"{_film(booking)} was moved",
        body=f"Now {moment(show.local_start)}, not {earlier}. Your ticket stays valid.",
        url=booking.get_absolute_url(),
        tag=f"show-{show.pk}",
        ttl=_seconds(booking.now, show.starts_at),
    )


def show_cancelled(message: Message) -> Content | Drop:
    booking = _booking(message)
    if booking is None or booking.status != CANCELLED:
        return Drop("The booking is not cancelled.")
    show = booking.show
    return Content(
        title=f"{_film(booking)} is cancelled",
        body=f"{moment(show.local_start)}, {show.screen.cinema.name}. We are sorry.",
        url=booking.get_absolute_url(),
        tag=f"show-{show.pk}",
        ttl=_seconds(booking.now, show.ends_at),
    )


def _booking(message: Message) -> Booking | None:
    """The booking with `now`, if it is still this person's."""
    mine = Booking.objects.filter(pk=message.booking or 0, user=message.user_id)
    return mine.with_show().with_clock().first()


def _film(booking: Booking) -> str:
    """The title, so short that the rest of the line can be read on a phone."""
    title: str = booking.show.movie.title
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1].rstrip()}…"


def _seats(booking: Booking) -> str:
    few = booking.seats if len(booking.seats) <= 6 else [*booking.seats[:5], "…"]
    return ", ".join(few)


def _seconds(now: datetime, until: datetime) -> int:
    return max(0, int((until - now).total_seconds()))


def register_kinds() -> None:
    for kind, label, topic, compose, priority in (
        (HOLD_ENDS, "Hold ends soon", Topic.HOLD, hold_ends, Priority.FIRST),
        (SHOW_STARTS, "Show starts soon", Topic.SHOW, show_starts, Priority.LAST),
        (SHOW_MOVED, "Show moved", Topic.MOVED, show_moved, Priority.NORMAL),
        (SHOW_CANCELLED, "Show cancelled", Topic.MOVED, show_cancelled, Priority.NORMAL),
    ):
        register_kind(kind, label=label, topic=topic, compose=compose, priority=priority)

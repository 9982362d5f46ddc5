"""What the mails and push messages of the waiting list say (docs/spec.md §20).

Each mail has a link to leave the list.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from accounts.outbox.models import Message, Priority
from accounts.outbox.registry import Drop, register
from accounts.push.content import Content
from accounts.push.kinds import register_kind
from accounts.push.models import Topic
from bookings.models import Booking
from bookings.waiting_list import messages
from bookings.waiting_list.choosing import Party
from bookings.waiting_list.links import confirm_link, place_link
from bookings.waiting_list.models import Entry
from bookings.waiting_list.services import MOST_PASSED, offers_passed
from bookmyshow.core.mail import add_unsubscribe, compose_mail, site_link
from bookmyshow.core.templatetags.formatting import clock, moment
from bookmyshow.core.time import database_now
from shows.models import Show

from .about import ticket_link

NOT_IN_LINE = "The person is not on the waiting list any more."


def offer(message: Message) -> EmailMultiAlternatives | Drop:
    """Seats are offered. Dropped if the offer is over: a later mail would promise too much."""
    entry = _entry(message)
    if entry is None or entry.state != Entry.State.OFFERED or entry.booking is None:
        return Drop("The offer is over.")
    booking = entry.booking
    return _mail(
        "waiting_offer",
        entry,
        booking=booking,
        until=booking.expires_at.astimezone(entry.show.screen.cinema.tz),
        minutes=settings.WAITING_OFFER_MINUTES,
        currency=entry.show.currency,
        is_last=offers_passed(booking.user, entry.show) + 1 >= MOST_PASSED,
        link=ticket_link(booking),
    )


def push_offer(message: Message) -> Content | Drop:
    """The offer as a push message, to people who chose those about holds."""
    entry = _entry(message)
    now = database_now()
    if entry is None or entry.booking is None or entry.booking.user_id != message.user_id:
        return Drop("The offer is over.")
    booking = entry.booking
    if booking.status_at(now) != Booking.Status.PENDING:
        return Drop("The offer is over.")
    until = booking.expires_at.astimezone(entry.show.screen.cinema.tz)
    return Content(
        title=f"{', '.join(booking.seats)}: yours until {clock(until)}",
        body=f"From the waiting list: {entry.show.movie.title}, {moment(entry.show.local_start)}, "
        f"{entry.show.screen.cinema.city} time",
        url=booking.get_absolute_url(),
        tag=f"hold-{booking.pk}",
        ttl=booking.seconds_remaining(now),
        urgency="high",
    )


def over(message: Message) -> EmailMultiAlternatives | Drop:
    """The list was closed, because the show begins soon or was cancelled."""
    entry = _entry(message)
    if entry is None:
        return Drop(NOT_IN_LINE)
    is_cancelled = message.data["why"] == "cancelled"
    return _mail(
        "waiting_over",
        entry,
        is_cancelled=is_cancelled,
        times_link=site_link(entry.show.times_url),
    )


def moved(message: Message) -> EmailMultiAlternatives | Drop:
    """The show has another time now."""
    entry = _entry(message)
    if entry is None or entry.state not in {Entry.State.WAITING, Entry.State.OFFERED}:
        return Drop(NOT_IN_LINE)
    was = datetime.fromisoformat(message.data["from"]).astimezone(entry.show.screen.cinema.tz)
    if was == entry.show.local_start:
        return Drop("The show is at its old time again.")
    return _mail("waiting_moved", entry, was=was, link=site_link(entry.show.get_absolute_url()))


def confirm(message: Message) -> EmailMultiAlternatives | Drop:
    """The link that proves a visitor's address."""
    show = Show.objects.with_film().filter(pk=message.show or 0).first()
    if show is None or show.is_cancelled:
        return Drop("The show was cancelled.")
    context = {
        **_about(show),
        "wish": Party(**message.data).words,
        "link": confirm_link(message),
    }
    return compose_mail("bookings/mail/waiting_confirm", context)


def register_kinds() -> None:
    """Register the kinds of messages, for the outbox."""
    for kind, label, compose, priority in (
        (messages.OFFER, "Offer from the waiting list", offer, Priority.FIRST),
        (messages.CONFIRM, "Waiting list: confirm the address", confirm, Priority.FIRST),
        (messages.OVER, "Waiting list closed", over, Priority.NORMAL),
        (messages.MOVED, "Waiting list: show moved", moved, Priority.NORMAL),
    ):
        register(kind, label=label, compose=compose, priority=priority)
    register_kind(
        messages.PUSH_OFFER,
        label="Offer from the waiting list",
        topic=Topic.HOLD,
        compose=push_offer,
        priority=Priority.FIRST,
    )


def _entry(message: Message) -> Entry | None:
    entries = Entry.objects.with_show().select_related("booking__user")
    return entries.filter(pk=message.data["entry"]).first()


def _about(show: Show) -> dict[str, Any]:
    return {"show": show, "starts": show.local_start, "cinema": show.screen.cinema}


def _mail(name: str, entry: Entry, **context: Any) -> EmailMultiAlternatives:
    leave = place_link(entry.pk)
    mail = compose_mail(
        f"bookings/mail/{name}",
        {**_about(entry.show), "entry": entry, "leave_link": leave, **context},
    )
    add_unsubscribe(mail, leave)
    return mail

"""Mails a guest a new link to their booking (docs/spec.md §19.4)."""

from contextlib import suppress
from datetime import timedelta

from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.http import HttpRequest
from limits import parse

from accounts.outbox.models import Message, Priority
from accounts.outbox.registry import Drop, register
from accounts.outbox.services import write
from bookings.models import Booking
from bookmyshow.core.email_key import email_key
from bookmyshow.core.mail import compose_mail
from bookmyshow.core.rate_limits import (
    Limit,
    RateLimited,
    count_attempt,
    count_attempt_by_address,
)
from bookmyshow.core.time import database_now

from .links import guest_link, link_lives

KIND = "guest-link"
LINKS_FROM_ADDRESS = Limit("guest-link-address", parse("60 per hour"))
LINKS_OF_EMAIL = Limit("guest-link-email", parse("5 per hour"))
#: A link that was asked for and could not be sent for so long is not wanted any more.
WANTED_FOR = timedelta(hours=6)


def ask_for_link(request: HttpRequest, *, reference: str, email: str) -> None:
    """Mail the link of a guest's booking, if the email is the one that the guest gave.

    It goes to the address of the booking, never to the one that was typed. There is no result, so
    that nobody learns which references and emails exist. Raises RateLimited.

    An email gets LINKS_OF_EMAIL; after these, nothing more is sent. Only what is sent is counted:
    a stranger who types an email with made-up references can't keep its owner out.
    """
    count_attempt_by_address(LINKS_FROM_ADDRESS, request)
    found = Booking.objects.filter(reference=reference, user__is_guest=True)
    booking = found.select_related("user").first()
    if booking is not None and email_key(booking.user.email) == email_key(email):
        with suppress(RateLimited):
            count_attempt(LINKS_OF_EMAIL, email_key(email))
            mail_link(booking)


def mail_link(booking: Booking) -> bool:
    """Write the mail with the link. False: one was asked for in this minute, or the links ended."""
    guest, now = booking.user, database_now()
    if not guest.email or not link_lives(guest):
        return False
    with transaction.atomic():
        return write(
            KIND,
            key=f"{KIND}:{booking.pk}:{now:%Y%m%d%H%M}",
            user=guest,
            show_id=booking.show_id,
            booking_id=booking.pk,
            expires_at=now + WANTED_FOR,
        )


def compose_guest_link(message: Message) -> EmailMultiAlternatives | Drop:
    """The mail with the link, made now: the link is in no row."""
    bookings = Booking.objects.with_show().select_related("user")
    booking = bookings.filter(pk=message.booking or 0, user=message.user).first()
    link = guest_link(booking) if booking else ""
    if booking is None or not link or not link_lives(booking.user):
        return Drop("The booking is an account's now, or its links have ended.")
    show = booking.show
    context = {
        "show": show,
        "cinema": show.screen.cinema,
        "starts": show.local_start,
        "seats": booking.seats,
        "references": [booking.reference],
        "link": link,
    }
    return compose_mail("bookings/mail/guest_link", context, to=booking.user.email)


def register_kinds() -> None:
    """Called when the app starts."""
    register(KIND, label="Guest’s link", compose=compose_guest_link, priority=Priority.FIRST)

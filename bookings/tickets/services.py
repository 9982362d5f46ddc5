"""Parts of a ticket: the signed token of the QR code, the QR code, links, and the calendar
entry."""

import hashlib
import io
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from datetime import timedelta

import segno
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest
from django.urls import reverse

from accounts.outbox.models import Channel, Message
from bookings.messages.kinds import Kind
from bookings.models import Booking
from bookmyshow.core.time import local_day

# Each purpose has its own salt, so a shared link is not valid at the door. Do not change the salts:
# printed tickets and shared links would become invalid.
DOOR_SALT, SHARE_SALT = "bookings.door", "bookings.share"
ID_BYTES = 8
REMIND_BEFORE = timedelta(hours=2)


class InvalidToken(ValueError):
    """This site did not make the token, or it was changed."""


def door_token(booking: Booking) -> str:
    """The text of the QR code: the reference and a signature, so that it can't be forged."""
    return _door_signer().sign(booking.reference)


def read_door_token(token: str) -> str:
    """The reference in a scanned token. Raises InvalidToken."""
    try:
        return _door_signer().unsign(token.strip())
    except BadSignature as error:
        raise InvalidToken from error


def _door_signer() -> Signer:
    return Signer(
        key=settings.TICKET_KEY,
        fallback_keys=[*settings.TICKET_KEY_FALLBACKS],
        salt=DOOR_SALT,
    )


def share_token(booking: Booking) -> str:
    """The token of a link to share: the booking's id, encrypted."""
    plain = booking.pk.to_bytes(ID_BYTES)
    return urlsafe_b64encode(_share_cipher(settings.TICKET_KEY).encrypt(plain, None)).decode()


def share_address(request: HttpRequest, booking: Booking) -> str:
    """The complete URL of the shared page."""
    return request.build_absolute_uri(reverse("bookings:shared", args=[share_token(booking)]))


def read_share_token(token: str) -> int:
    """The id of the shared booking. Raises InvalidToken."""
    for key in (settings.TICKET_KEY, *settings.TICKET_KEY_FALLBACKS):
        # InvalidTag: the token was changed or made with another key. ValueError: not base64.
        with suppress(InvalidTag, ValueError):
            return int.from_bytes(_share_cipher(key).decrypt(urlsafe_b64decode(token), None))
    raise InvalidToken


def _share_cipher(key: str) -> AESSIV:
    """AES-SIV (RFC 5297): it uses no random number, so a booking always has the same link."""
    return AESSIV(hashlib.sha512(f"{SHARE_SALT}:{key}".encode()).digest())


def qr_code(booking: Booking) -> segno.QRCode:
    """The ticket's QR code. Scanners can read it even if about 15 % is damaged (level M)."""
    return segno.make(door_token(booking), error="m", micro=False)


def qr_svg(booking: Booking, *, standalone: bool = False) -> str:
    """The QR code as SVG: black on white in every theme, with the margin that scanners need."""
    out = io.BytesIO()
    qr_code(booking).save(
        out,
        kind="svg",
        border=4,
        dark="#000",
        light="#fff",
        xmldecl=standalone,
        svgns=True,
        omitsize=True,
        svgclass="qr",
        lineclass=None,
        title=f"QR code of ticket {booking.reference}",
    )
    return out.getvalue().decode()


def calendar_entry(booking: Booking, *, address: str, due: str) -> bytes:
    """An .ics file with the show in the cinema's time zone. `address` is the URL of the ticket.

    `due` says what is still to pay at the cinema, "" if nothing. What was paid stays out of it,
    because people share their calendars.

    Each move of the show raises the sequence, so that a calendar updates an entry that it already
    has (RFC 5545, 3.8.7.4).
    """
    # Imported here: 3 MiB less in a worker that makes none.
    from icalendar import Alarm, Calendar, Event, vText

    show, cinema = booking.show, booking.show.screen.cinema
    event = Event()
    event.add("uid", f"{booking.reference}@bookmyshow")
    event.add("dtstamp", max(booking.updated_at, show.updated_at))
    moves = Message.objects.filter(
        channel=Channel.MAIL, kind=Kind.SHOW_MOVED, user=booking.user_id, show=show.pk
    )
    event.add("sequence", moves.count())
    event.add("dtstart", show.local_start)
    event.add("dtend", show.local_end)
    event.add("summary", show.movie.title)
    place = [cinema.name, show.screen.name, cinema.full_address]
    event["location"] = vText(", ".join(part for part in place if part))
    about = [f"Seats {', '.join(booking.seats)}", f"Reference {booking.reference}", due]
    event.add("description", "\n".join(line for line in about if line))
    event.add("url", address)
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", show.movie.title)
    alarm.add("trigger", -REMIND_BEFORE)
    event.add_component(alarm)
    calendar = Calendar()
    calendar.add("prodid", "-//BookMyShow//Tickets//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    # The rules around the show are enough. All since 1970 take longer to write than the ticket.
    around, zone = timedelta(days=366), cinema.tz
    calendar.add_missing_timezones(
        first_date=local_day(show.starts_at - around, zone),
        last_date=local_day(show.ends_at + around, zone),
    )
    return calendar.to_ical()

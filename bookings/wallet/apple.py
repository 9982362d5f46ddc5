"""A ticket as a pass of Apple Wallet: a zip of `pass.json`, pictures, a manifest, a signature.

The format is Apple's: https://developer.apple.com/documentation/walletpasses
"""

import hashlib
import io
import json
import zipfile
from typing import Any

from bookings.models import Booking
from bookings.tickets.services import door_token

from .keys import AppleKeys
from .pictures import brand_pictures, poster_pictures

CONTENT_TYPE = "application/vnd.apple.pkpass"
ORGANISATION = "BookMyShow"
# --surface, --ink and --muted of the dark theme (static/css/tokens.css).
GROUND, INK, LABEL = "rgb(23, 19, 29)", "rgb(246, 242, 248)", "rgb(184, 172, 195)"
OLD_PASS = (
    "This pass shows what was true when you added it. If the show is moved, add it again from your "
    "ticket. The door always knows the latest."
)


def apple_pass(booking: Booking, *, keys: AppleKeys, address: str, due: str) -> bytes:
    """The .pkpass of a ticket. `address`: the URL of the ticket's page; `due`: what is to pay at
    the cinema, in words, "" if nothing."""
    content = _content(booking, keys=keys, address=address, due=due)
    files = {
        "pass.json": json.dumps(content, ensure_ascii=False).encode(),
        **brand_pictures(),
        **poster_pictures(booking.show.movie),
    }
    # SHA-1 because the format asks for it. What protects the files is the signature.
    digests = {
        name: hashlib.sha1(data, usedforsecurity=False).hexdigest() for name, data in files.items()
    }
    manifest = json.dumps(digests).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        archive.writestr("manifest.json", manifest)
        archive.writestr("signature", keys.sign(manifest))
    return out.getvalue()


def _content(booking: Booking, *, keys: AppleKeys, address: str, due: str) -> dict[str, Any]:
    show = booking.show
    film, cinema = show.movie.title, show.screen.cinema
    return {
        "formatVersion": 1,
        "passTypeIdentifier": keys.pass_type_id,
        "teamIdentifier": keys.team_id,
        # The same in each download, so that a newer pass replaces the older one.
        "serialNumber": booking.reference,
        "organizationName": ORGANISATION,
        "logoText": ORGANISATION,
        "description": f"Ticket: {film}, {cinema.name}",
        # The lock screen shows the pass around the start. After the end it moves to the expired.
        "relevantDate": show.local_start.isoformat(),
        "expirationDate": show.local_end.isoformat(),
        "backgroundColor": GROUND,
        "foregroundColor": INK,
        "labelColor": LABEL,
        "barcodes": [
            {
                "format": "PKBarcodeFormatQR",
                "message": door_token(booking),
                "messageEncoding": "iso-8859-1",
                "altText": booking.reference,
            }
        ],
        "eventTicket": _fields(booking, address=address, due=due),
        "semantics": _semantics(booking),
    }


def _fields(booking: Booking, *, address: str, due: str) -> dict[str, Any]:
    show = booking.show
    cinema = show.screen.cinema
    # A moment with its offset and `ignoresTimeZone`: the time on the cinema's clock, wherever the
    # phone is.
    moment = {"value": show.local_start.isoformat(), "ignoresTimeZone": True}
    day = {**moment, "dateStyle": "PKDateStyleMedium", "timeStyle": "PKDateStyleNone"}
    time = {**moment, "dateStyle": "PKDateStyleNone", "timeStyle": "PKDateStyleShort"}
    several = booking.total_seats > 1
    version = " · ".join(filter(None, [show.format, show.language, show.movie.certification]))
    back = [
        ("reference", "Reference", booking.reference),
        ("version", "Version", version),
        ("address", "Cinema", "\n".join(filter(None, [cinema.name, cinema.full_address]))),
        ("due", "Money", due),
        ("ticket", "Your ticket", address),
        ("about", "About this pass", OLD_PASS),
    ]
    return {
        "headerFields": [{"key": "time", "label": "Time", **time}],
        "primaryFields": [_field("film", "Film", show.movie.title)],
        "secondaryFields": [
            _field("cinema", "Cinema", cinema.name),
            {"key": "day", "label": "Day", **day},
        ],
        "auxiliaryFields": [
            _field("screen", "Screen", show.screen.name),
            _field("seats", "Seats" if several else "Seat", ", ".join(booking.seats)),
        ],
        "backFields": [_field(*texts) for texts in back if texts[-1]],
    }


def _field(key: str, label: str, value: str) -> dict[str, str]:
    return {"key": key, "label": label, "value": value}


def _semantics(booking: Booking) -> dict[str, Any]:
    """What the phone needs to offer a calendar entry or the way to the cinema."""
    show = booking.show
    return {
        "eventType": "PKEventTypeMovie",
        "eventName": show.movie.title,
        "eventStartDate": show.local_start.isoformat(),
        "eventEndDate": show.local_end.isoformat(),
        "venueName": show.screen.cinema.name,
        "venueRoom": show.screen.name,
        "seats": [{"seatIdentifier": label, "seatNumber": label} for label in booking.seats],
    }

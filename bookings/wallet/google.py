"""The link that saves a ticket in Google Wallet: a JWT signed with the operator's service account.

The format is Google's: https://developers.google.com/wallet/tickets/events/web
"""

import time
from typing import Any

import jwt
from django.conf import settings

from bookings.models import Booking
from bookings.tickets.services import door_token

from .keys import GoogleKeys

SAVE = "https://pay.google.com/gp/v/save/"
LANGUAGE = "en"


def save_link(booking: Booking, *, keys: GoogleKeys) -> str:
    """The address at Google that offers to save the ticket. It holds the ticket's code, so make it
    only for the person who pressed the button, and don't keep it.

    Google advises at most 1800 characters, so it says only what a doorkeeper needs.
    """
    claims = {
        "iss": keys.email,
        "aud": "google",
        "typ": "savetowallet",
        "iat": int(time.time()),
        "origins": [settings.SITE_URL],
        "payload": {
            "eventTicketClasses": [_class(booking, keys.issuer_id)],
            "eventTicketObjects": [_object(booking, keys.issuer_id)],
        },
    }
    return SAVE + jwt.encode(claims, keys.key, algorithm="RS256")


def _class_id(booking: Booking, issuer_id: str) -> str:
    """Google keeps the first class with an id. So a show that was moved gets another id."""
    return f"{issuer_id}.show-{booking.show_id}-{int(booking.show.starts_at.timestamp())}"


def _class(booking: Booking, issuer_id: str) -> dict[str, Any]:
    """What all tickets of the show have in common. Google wants both name and address of a
    place."""
    show, screen, cinema = booking.show, booking.show.screen, booking.show.screen.cinema
    place = f"{cinema.name}, {screen.name}"
    return {
        "id": _class_id(booking, issuer_id),
        "issuerName": "BookMyShow",
        "reviewStatus": "UNDER_REVIEW",
        "eventName": _text(show.movie.title),
        "venue": {"name": _text(place), "address": _text(cinema.full_address or cinema.name)},
        "dateTime": {
            "start": show.local_start.isoformat(timespec="seconds"),
            "end": show.local_end.isoformat(timespec="seconds"),
        },
    }


def _object(booking: Booking, issuer_id: str) -> dict[str, Any]:
    """This ticket. No name: Google does not need one, and the door doesn't either."""
    show = booking.show
    start = int(show.starts_at.timestamp())
    return {
        "id": f"{issuer_id}.{booking.reference}-{start}",
        "classId": _class_id(booking, issuer_id),
        "state": "ACTIVE",
        "seatInfo": {"seat": _text(", ".join(booking.seats))},
        "barcode": {
            "type": "QR_CODE",
            "value": door_token(booking),
            "alternateText": booking.reference,
        },
        # After the end Google moves the ticket to the expired ones.
        "validTimeInterval": {"end": {"date": show.ends_at.isoformat(timespec="seconds")}},
    }


def _text(value: str) -> dict[str, Any]:
    return {"defaultValue": {"language": LANGUAGE, "value": value}}

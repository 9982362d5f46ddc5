"""Reads the reference of a ticket that was scanned or typed: at the door, at the counter."""

import re

from bookings.models import CROCKFORD

from .services import InvalidToken, read_door_token

REFERENCE = re.compile(f"BMV[{CROCKFORD}]{{12}}")
# O is read as 0, I and L as 1 (Crockford's base 32). Spaces, hyphens and tabs are removed.
LOOKALIKES = str.maketrans("OIL", "011", " -\t")


def read_ticket(text: str) -> str | None:
    """The reference in a scanned or typed text. None if the text is not a valid ticket.

    Scanned text must have a valid signature. Typed text may be in lower case, have spaces, lack
    BMV, and have O, I, L instead of 0 and 1.
    """
    try:
        return read_door_token(text)
    except InvalidToken:
        typed = text.upper().translate(LOOKALIKES)
        typed = typed if typed.startswith("BMV") else f"BMV{typed}"
        return typed if REFERENCE.fullmatch(typed) else None


def was_typed(ticket: str) -> bool:
    """True if the text has no valid signature of the site, so it was not scanned."""
    try:
        read_door_token(ticket)
    except InvalidToken:
        return True
    return False

"""Finding bookings for staff: by the beginning of a reference, or by the customer."""

import re
from typing import Any

from django.db.models import Q, QuerySet

from accounts.search import MAX_PEOPLE, ids_of_people

from .models import CROCKFORD

PREFIX = "BMV"
REFERENCE = re.compile(f"[{CROCKFORD}]{{2,12}}")
# People read O as 0, and I and L as 1: Crockford's alphabet has neither.
MISREAD = str.maketrans("OIL", "011")


def matching(bookings: QuerySet[Any], typed: str) -> tuple[QuerySet[Any], bool]:
    """Bookings, archived ones too, that the text means; and whether it means too many people, in
    which case only some are looked at.

    Both halves of it are ranges of an index: a reference's beginning (BMV may be missing), and the
    bookings of the people found.
    """
    people = ids_of_people(typed)
    found = Q(user__in=people[:MAX_PEOPLE])
    reference = _reference(typed)
    if reference:
        found |= Q(reference__startswith=reference)
    return bookings.filter(found), len(people) > MAX_PEOPLE


def _reference(typed: str) -> str:
    """What a reference begins with; empty where the text can't be one."""
    text = re.sub(r"[\s-]", "", typed).upper().removeprefix(PREFIX).translate(MISREAD)
    return PREFIX + text if REFERENCE.fullmatch(text) else ""

"""Search of bookings for staff, by the beginning of a reference or by customer."""

import re
from typing import Any

from django.db.models import Q, QuerySet

from accounts.search import MAX_PEOPLE, ids_of_people

from .models import CROCKFORD

PREFIX = "BMV"
REFERENCE = re.compile(f"[{CROCKFORD}]{{2,12}}")
# People type O for 0, and I or L for 1. Crockford's alphabet has none of these letters.
MISREAD = str.maketrans("OIL", "011")


def matching(bookings: QuerySet[Any], typed: str) -> tuple[QuerySet[Any], bool]:
    """The bookings that match, and whether more than MAX_PEOPLE people match.

    `bookings` may be archived ones. A reference may be typed without BMV. If more people match,
    only the bookings of MAX_PEOPLE of them are found. Both conditions use an index.
    """
    people = ids_of_people(typed)
    found = Q(user__in=people[:MAX_PEOPLE])
    reference = _reference(typed)
    if reference:
        found |= Q(reference__startswith=reference)
    return bookings.filter(found), len(people) > MAX_PEOPLE


def _reference(typed: str) -> str:
    """The typed text as the beginning of a reference; "" if it can't be one."""
    text = re.sub(r"[\s-]", "", typed).upper().removeprefix(PREFIX).translate(MISREAD)
    return PREFIX + text if REFERENCE.fullmatch(text) else ""

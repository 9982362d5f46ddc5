"""Checks the seat labels of a request, and makes the hash that identifies the request."""

import hashlib
from collections.abc import Iterable

from django.conf import settings

from .errors import InvalidSeats

LONGEST_LABEL = 11


def distinct_labels(labels: Iterable[str]) -> set[str]:
    """Return the labels as a set.

    Raises InvalidSeats if there are none or more than MAX_SEATS_PER_BOOKING, if a label comes
    twice, or if no seat can have that label.
    """
    asked = list(labels)
    most = settings.MAX_SEATS_PER_BOOKING
    if not asked:
        raise InvalidSeats("Choose at least one seat.")
    if len(asked) > most:
        raise InvalidSeats(f"Choose at most {most} seats; you chose {len(asked)}.")
    if len(set(asked)) != len(asked):
        raise InvalidSeats("Choose each seat once.")
    if not all(label.isprintable() and len(label) <= LONGEST_LABEL for label in asked):
        raise InvalidSeats("This show has no seat of that name.")
    return set(asked)


def check_labels(asked: Iterable[str], found: Iterable[str]) -> None:
    """Raise InvalidSeats if a label of `asked` is not in `found`, the labels of the show."""
    unknown = sorted(set(asked) - set(found))
    if unknown:
        raise InvalidSeats(f"This show has no seat {', '.join(unknown)}.")


def request_hash(show_id: int, wanted: set[str]) -> str:
    """The same hash for the same show and seats, in any order."""
    return hashlib.sha256("\n".join([str(show_id), *sorted(wanted)]).encode()).hexdigest()

"""What a seat map shows at one moment, and the difference between two such moments."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import Error as DatabaseError
from django.db import connection
from django.db.models.functions import Now

from shows.models import Show
from shows.seatmap import current as seatmap
from shows.seatmap.markup import FREE, HELD, SOLD

#: A seat's state is stored as one letter.
LETTERS = {FREE: "f", HELD: "h", SOLD: "s"}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A show's map. `states` has a letter for each of `labels`.

    `fixed` is everything else in the drawing, such as places and prices. `good_for`: seconds until
    the map must be read again, because a hold lapses or the show begins (`is_due`), or as a
    precaution.
    """

    version: str
    labels: tuple[str, ...]
    states: str
    fixed: tuple[Any, ...]
    good_for: float
    is_due: bool = True

    @property
    def is_final(self) -> bool:
        return seatmap.is_final(self.version)

    def since(self, earlier: str) -> dict[str, list[str]]:
        """The labels of the seats whose state was another in `earlier`, by their state now."""
        changed: dict[str, list[str]] = {state: [] for state in LETTERS}
        names = {letter: changed[state] for state, letter in LETTERS.items()}
        for label, before, now in zip(self.labels, earlier, self.states, strict=True):
            if before != now:
                names[now].append(label)
        return changed


def take(show_id: int) -> Snapshot:
    """Read the seats in this thread. Raises Show.DoesNotExist, and django.db.Error."""
    with _connection_is_left_after_an_error():
        reading = seatmap.read(show_id)
    good_for = reading.good_for.total_seconds()
    is_due = good_for < seatmap.POINTER_SECONDS
    return Snapshot(
        version=reading.version,
        labels=tuple(seat.label for seat in reading.seats),
        states="".join(LETTERS[seat.state] for seat in reading.seats),
        fixed=(tuple(seat[:-1] for seat in reading.seats), reading.prices, reading.closed),
        # Shows that were read together part again.
        good_for=good_for if is_due else good_for * random.uniform(0.7, 1),
        is_due=is_due,
    )


def coming_shows() -> frozenset[int]:
    """The ids of all shows that can be booked, read in this thread. Raises django.db.Error."""
    with _connection_is_left_after_an_error():
        shows = Show.objects.scheduled().filter(starts_at__gt=Now())
        return frozenset(shows.order_by().values_list("pk", flat=True))


@contextmanager
def _connection_is_left_after_an_error() -> Iterator[None]:
    """The thread keeps its connection, so that a read needs no check of it. After an error it is
    given back, because it may be dead."""
    try:
        yield
    except DatabaseError:
        connection.close()
        raise

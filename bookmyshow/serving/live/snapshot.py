"""What a seat map shows at one moment, and the difference between two such moments."""

import random
from dataclasses import dataclass
from typing import Any

from django.db import Error as DatabaseError
from django.db import connection

from shows.seatmap import current as seatmap
from shows.seatmap.markup import FREE, HELD, SOLD

#: A seat's state is stored as one letter.
LETTERS = {FREE: "f", HELD: "h", SOLD: "s"}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A show's map. `states` has a letter for each of `labels`.

    `fixed` is everything else in the drawing, such as places and prices. `good_for`: seconds until
    the map must be read again, because a hold lapses or the show begins, or as a precaution.
    """

    version: str
    labels: tuple[str, ...]
    states: str
    fixed: tuple[Any, ...]
    good_for: float

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
    """Read the seats in this thread. Raises Show.DoesNotExist, and django.db.Error.

    The thread keeps its connection, so that a read needs no check of it. After an error the
    connection is closed, because it may be dead.
    """
    try:
        reading = seatmap.read(show_id)
    except DatabaseError:
        connection.close()
        raise
    return Snapshot(
        version=reading.version,
        labels=tuple(seat.label for seat in reading.seats),
        states="".join(LETTERS[seat.state] for seat in reading.seats),
        fixed=(tuple(seat[:-1] for seat in reading.seats), reading.prices, reading.closed),
        good_for=_spread(reading.good_for.total_seconds()),
    )


def _spread(good_for: float) -> float:
    """Shorten the usual time at random, so that shows that were read together are not again.

    A shorter time is a lapse or a start of a show, and stays.
    """
    return good_for * random.uniform(0.7, 1) if good_for >= seatmap.POINTER_SECONDS else good_for

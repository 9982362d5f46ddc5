"""Which lapsed holds are ended in one transaction while people wait (docs/spec.md §20.2).

All buyers of a show wait while its seats are offered, so many seats come in portions. Whoever is
earlier in line must not lose by that: all seats of a row come together, because a party sits in one
row. `serve_line` takes more rows for a party that may sit apart.
"""

from collections.abc import Iterable

from bookings.models import Booking
from shows.seatmap.markup import MapSeat

#: A transaction ends lapsed holds until they had this many seats, and the last row is complete.
PORTION = 20


class LapsedHolds:
    """Locked lapsed holds of one show. Each is taken once."""

    def __init__(self, holds: Iterable[Booking], seats: Iterable[MapSeat]) -> None:
        self._row_of = {seat.label: seat.row for seat in seats}
        self._left = list(holds)

    def __bool__(self) -> bool:
        return bool(self._left)

    @property
    def owners(self) -> set[int]:
        return {hold.user_id for hold in self._left}

    def of_people(self, people: set[int]) -> list[Booking]:
        """Take the holds of these people, with all of their rows."""
        return self.in_rows(self._rows([hold for hold in self._left if hold.user_id in people]))

    def beside(self, labels: Iterable[str]) -> list[Booking]:
        """Take the holds in the rows of these seats."""
        return self.in_rows({self._row_of[label] for label in labels})

    def in_rows(self, rows: set[str]) -> list[Booking]:
        """Take the holds with a seat in these rows, and in the other rows of such holds."""
        taken: list[Booking] = []
        while found := [hold for hold in self._left if rows & self._rows([hold])]:
            taken += found
            self._left = [hold for hold in self._left if hold not in found]
            rows = self._rows(found)
        return taken

    def next_portion(self) -> list[Booking]:
        """Take holds by row, until they have PORTION seats."""
        taken: list[Booking] = []
        while self._left and sum(hold.total_seats for hold in taken) < PORTION:
            taken += self.in_rows(self._rows(self._left[:1]))
        return taken

    def _rows(self, holds: Iterable[Booking]) -> set[str]:
        return {self._row_of[label] for hold in holds for label in hold.seats}

"""Finds seats for a party of the waiting list, by the rules of the best-seats search."""

from collections.abc import Sequence
from typing import NamedTuple

from shows.seatmap.best_seats import best_seats
from shows.seatmap.markup import FREE, SOLD, WHEELCHAIR, MapSeat


class Party(NamedTuple):
    """What a person waits for. `wheelchair`: one of the seats is a wheelchair place."""

    seats: int
    together: bool
    wheelchair: bool

    @property
    def words(self) -> str:
        """What the person waits for, such as "2 seats together"."""
        if self.wheelchair and self.seats == 1:
            return "a wheelchair place"
        words = "1 seat" if self.seats == 1 else f"{self.seats} seats"
        if self.together and self.seats > 1:
            words += " together"
        return f"{words}, one of them a wheelchair place" if self.wheelchair else words


def seats_for(party: Party, seats: Sequence[MapSeat]) -> list[str]:
    """Labels of free seats for the party, in plan order; [] if it does not fit.

    Wheelchair places are only for parties that asked for one. A party that may sit apart gets seats
    together if there are any, else few and large groups.
    """
    found = best_seats(seats, party.seats, WHEELCHAIR if party.wheelchair else "")
    if not found and not party.together:
        found = _apart(party, seats)
    chosen = set(found)
    return [seat.label for seat in seats if seat.label in chosen]


def without(seats: Sequence[MapSeat], labels: Sequence[str]) -> list[MapSeat]:
    """The same seats, with those of `labels` taken."""
    taken = set(labels)
    return [seat._replace(state=SOLD) if seat.label in taken else seat for seat in seats]


def only_free(seats: Sequence[MapSeat]) -> list[MapSeat]:
    """The seats that a choice depends on: free ones, and those at the edges of the hall.

    The edges say where the middle is. Three hundred choices in a large hall take a tenth so long.
    """
    if not seats:
        return []
    aside = sorted(seats, key=lambda seat: seat.x)
    edges = {seat.label for seat in (seats[0], seats[-1], aside[0], aside[-1])}
    return [seat for seat in seats if seat.state == FREE or seat.label in edges]


def _apart(party: Party, seats: Sequence[MapSeat]) -> list[str]:
    found = best_seats(seats, 1, WHEELCHAIR) if party.wheelchair else []
    if party.wheelchair and not found:
        return []
    ordinary = sum(seat.state == FREE and not seat.is_wheelchair for seat in seats)
    if len(found) + ordinary < party.seats:
        return []
    group = party.seats
    while (missing := party.seats - len(found)) > 0:
        group = min(group, missing)
        block = best_seats(without(seats, found), group)
        found += block
        if not block:
            group -= 1
    return found

"""The best seats for a party, and the single seats a choice would leave behind."""

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from .drawing import FREE, MapSeat
from .seating import SEAT_PITCH

#: Where a film is mixed and graded for: the middle, about two thirds back.
FOCUS_DEPTH = 2 / 3
#: A row nearer or farther from the focus weighs as much as this many seats to the side.
ROW_WEIGHT = 1.4

Block = list[MapSeat]


def best_seats(seats: Sequence[MapSeat], party: int) -> list[str]:
    """Labels of `party` adjacent free seats in one row, nearest the focal point; empty if none.

    A choice that leaves a single seat alone is made only where nothing else fits. Wheelchair places
    are left to those who need them.
    """
    if party < 1 or not seats:
        return []
    middle = (min(s.x for s in seats) + max(s.x for s in seats)) / 2
    front, back = seats[0].y, seats[-1].y
    focus = front + (back - front) * FOCUS_DEPTH

    def distance(window: Block) -> tuple[int, float, int]:
        aside = ((window[0].x + window[-1].x) / 2 - middle) / SEAT_PITCH
        away = (window[0].y - focus) / SEAT_PITCH * ROW_WEIGHT
        # Between places as good as each other: the one farther back, away from the screen's edge.
        return leaves_orphan(window), aside**2 + away**2, -window[0].y

    leaves_orphan = _orphan_test(seats)
    windows = [
        run[start : start + party]
        for run in _free_runs(seats)
        for start in range(len(run) - party + 1)
    ]
    return [seat.label for seat in min(windows, key=distance)] if windows else []


def orphans(seats: Sequence[MapSeat], chosen: Collection[str]) -> list[str]:
    """Free seats that choosing `chosen` would leave alone between taken ones, in plan order."""
    left = []
    for run in _free_runs(seats):
        picked = [seat.label in chosen for seat in run]
        if len(run) == 1 or not any(picked):
            continue
        left += [
            seat.label
            for place, seat in enumerate(run)
            if not picked[place]
            and all(picked[max(place - 1, 0) : place])
            and all(picked[place + 1 : place + 2])
        ]
    return left


def _orphan_test(seats: Sequence[MapSeat]) -> Callable[[Block], int]:
    runs = {seat.label: run for run in _free_runs(seats) for seat in run}

    def leaves_orphan(window: Block) -> int:
        return len(orphans(runs[window[0].label], {seat.label for seat in window}))

    return leaves_orphan


def _free_runs(seats: Sequence[MapSeat]) -> Iterator[Block]:
    """Free seats side by side: no gap, no taken seat and no wheelchair place between them."""
    for _, row in groupby(seats, attrgetter("row")):
        run: Block = []
        for seat in sorted(row, key=attrgetter("x")):
            usable = seat.state == FREE and not seat.is_wheelchair
            if run and (not usable or seat.x - run[-1].x != SEAT_PITCH):
                yield run
                run = []
            if usable:
                run.append(seat)
        if run:
            yield run

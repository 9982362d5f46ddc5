"""The best seats for a party, and the single seats a choice would leave behind."""

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from shows.seating.plan import PREMIUM, SEAT_PITCH, STANDARD

from .markup import FREE, WHEELCHAIR, MapSeat

#: Where a film is mixed and graded for: the middle, about two thirds back.
FOCUS_DEPTH = 2 / 3
#: A row nearer or farther from the focus weighs as much as this many seats to the side.
ROW_WEIGHT = 1.4

Block = list[MapSeat]


def best_seats(seats: Sequence[MapSeat], party: int, kind: str = "") -> list[str]:
    """Labels of `party` adjacent free seats in one row, nearest the focal point; empty if none.

    `kind` asks for seats that are all "standard" or all "premium", or for a "wheelchair" place with
    the party's others beside it. Without one, wheelchair places are left to those who need them. A
    choice that leaves a single seat alone is made only where nothing else fits.
    """
    if party < 1 or not seats:
        return []
    middle = (min(s.x for s in seats) + max(s.x for s in seats)) / 2
    front, back = seats[0].y, seats[-1].y
    focus = front + (back - front) * FOCUS_DEPTH
    leaves_orphan = _orphan_test(seats)

    def distance(window: Block) -> tuple[int, int, float, int]:
        places = sum(seat.is_wheelchair for seat in window)
        aside = ((window[0].x + window[-1].x) / 2 - middle) / SEAT_PITCH
        away = (window[0].y - focus) / SEAT_PITCH * ROW_WEIGHT
        # Between places as good as each other: the one farther back, away from the screen's edge.
        return places, leaves_orphan(window), aside**2 + away**2, -window[0].y

    runs = _free_runs(seats, with_places=kind == WHEELCHAIR)
    windows = [run[start : start + party] for run in runs for start in range(len(run) - party + 1)]
    fitting = [window for window in windows if _fits(window, kind)]
    return [seat.label for seat in min(fitting, key=distance)] if fitting else []


def _fits(window: Block, kind: str) -> bool:
    if kind == WHEELCHAIR:
        return any(seat.is_wheelchair for seat in window)
    return kind not in {STANDARD, PREMIUM} or all(seat.seat_type == kind for seat in window)


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
        # Beside a wheelchair place the others may sit in a run of ordinary seats, or in none.
        run = next((runs[seat.label] for seat in window if seat.label in runs), [])
        return len(orphans(run, {seat.label for seat in window}))

    return leaves_orphan


def _free_runs(seats: Sequence[MapSeat], *, with_places: bool = False) -> Iterator[Block]:
    """Free seats side by side: no gap and no taken seat between them.

    Wheelchair places part them like gaps, unless they are asked for.
    """
    for _, row in groupby(seats, attrgetter("row")):
        run: Block = []
        for seat in sorted(row, key=attrgetter("x")):
            usable = seat.state == FREE and (with_places or not seat.is_wheelchair)
            if run and (not usable or seat.x - run[-1].x != SEAT_PITCH):
                yield run
                run = []
            if usable:
                run.append(seat)
        if run:
            yield run

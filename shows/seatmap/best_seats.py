"""Finds the best seats for a party, and single seats that a choice would leave free."""

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from shows.seating.plan import PREMIUM, SEAT_PITCH, STANDARD

from .markup import FREE, WHEELCHAIR, MapSeat

#: The best place: the middle of the hall's width, two thirds of the way from the first row back.
FOCUS_DEPTH = 2 / 3
#: A distance of one row counts as much as a distance of this many seats to the side.
ROW_WEIGHT = 1.4

Block = list[MapSeat]


def best_seats(seats: Sequence[MapSeat], party: int, kind: str = "") -> list[str]:
    """Labels of `party` adjacent free seats in one row, closest to the best place; [] if none fit.

    `kind`: "standard" or "premium" for seats of only that type, "wheelchair" for a wheelchair place
    with the rest of the party beside it. For all other kinds, wheelchair places are not used.

    The best choice uses the fewest wheelchair places; then it leaves the fewest single free seats;
    then it is closest to the best place.
    """
    if party < 1 or not seats:
        return []
    middle = (min(s.x for s in seats) + max(s.x for s in seats)) / 2
    front, back = seats[0].y, seats[-1].y
    focus = front + (back - front) * FOCUS_DEPTH
    count_left = _single_seat_counter(seats)

    def distance(window: Block) -> tuple[int, int, float, int]:
        places = sum(seat.is_wheelchair for seat in window)
        aside = ((window[0].x + window[-1].x) / 2 - middle) / SEAT_PITCH
        away = (window[0].y - focus) / SEAT_PITCH * ROW_WEIGHT
        # At the same distance, the row farther back is better.
        return places, count_left(window), aside**2 + away**2, -window[0].y

    runs = _free_runs(seats, with_places=kind == WHEELCHAIR)
    windows = [run[start : start + party] for run in runs for start in range(len(run) - party + 1)]
    fitting = [window for window in windows if _fits(window, kind)]
    return [seat.label for seat in min(fitting, key=distance)] if fitting else []


def _fits(window: Block, kind: str) -> bool:
    if kind == WHEELCHAIR:
        return any(seat.is_wheelchair for seat in window)
    return kind not in {STANDARD, PREMIUM} or all(seat.seat_type == kind for seat in window)


def single_seats_left(seats: Sequence[MapSeat], chosen: Collection[str]) -> list[str]:
    """Free seats that would be left without a free neighbour if `chosen` were taken.

    A seat that is single already does not count. Labels are in plan order.
    """
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


def _single_seat_counter(seats: Sequence[MapSeat]) -> Callable[[Block], int]:
    """How many single free seats a window leaves: `single_seats_left`, without a look at its run.

    A window leaves a single seat at a side of its run where exactly one seat is left.
    """
    # Of each seat: its run, its place there, and the number of seats in the run. No wheelchair
    # places.
    places = {
        seat.label: (number, place, len(run))
        for number, run in enumerate(_free_runs(seats))
        for place, seat in enumerate(run)
    }

    def count_left(window: Block) -> int:
        found = [places[seat.label] for seat in window if seat.label in places]
        if not found:
            return 0
        # The run of the first ordinary seat is checked.
        run, first, length = found[0]
        last = max(place for number, place, _ in found if number == run)
        return (first == 1) + (length - last == 2)

    return count_left


def _free_runs(seats: Sequence[MapSeat], *, with_places: bool = False) -> Iterator[Block]:
    """Groups of adjacent free seats in one row, without a gap between them.

    A wheelchair place ends a run like a gap, unless `with_places` is true.
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

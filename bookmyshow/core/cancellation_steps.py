"""Parses CANCELLATION_POLICY: how much of a ticket's price comes back, and until when.

Here and not in bookings/, because the settings are read before any app is loaded.
"""

from itertools import pairwise
from typing import NamedTuple

MOST_MINUTES = 366 * 24 * 60
HOW = "use minutes before the show and per cent back, such as 120:100,20:50"


class Step(NamedTuple):
    """A customer who cancels at least `minutes` before the show gets `percent` back."""

    minutes: int
    percent: int


def parse_steps(text: str) -> tuple[Step, ...]:
    """The steps, earliest first. "120:100,20:50" has two; an empty text has none.

    Raises ValueError with a sentence for the person who wrote the text.
    """
    steps = sorted(map(_step, _pairs(text)), reverse=True)
    for earlier, later in pairwise(steps):
        if earlier.minutes == later.minutes:
            raise ValueError(f"{later.minutes} minutes are in it twice; {HOW}")
        if earlier.percent < later.percent:
            raise ValueError(
                f"gives {earlier.percent} % back {earlier.minutes} minutes before the show, and "
                f"more ({later.percent} %) later; cancelling earlier must not give less"
            )
    return tuple(steps)


def _pairs(text: str) -> list[str]:
    return text.split(",") if text.strip() else []


def _step(pair: str) -> Step:
    minutes, colon, percent = (part.strip() for part in pair.partition(":"))
    if not (colon and minutes.isdecimal() and percent.isdecimal()):
        raise ValueError(f"{pair.strip()!r} can't be read; {HOW}")
    step = Step(int(minutes), int(percent))
    if step.minutes > MOST_MINUTES:
        raise ValueError(f"{minutes} minutes are more than a year; {HOW}")
    if step.percent > 100:
        raise ValueError(f"{percent} % is more than all; {HOW}")
    return step

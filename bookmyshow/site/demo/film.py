from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Film:
    """A film as the demonstration knows it.

    `certification` is a class of India's board, where most of the cinemas are: the film's own, or
    the one nearest to that of another board. `draw` says how full its shows get, from 1 to 5.
    """

    title: str
    released: date
    minutes: int
    language: str
    certification: str
    rating: str
    genres: tuple[str, ...]
    cast: tuple[str, ...]
    synopsis: str
    draw: int = 2
    formats: tuple[str, ...] = ("2D",)
    # A re-release: weeks after the demonstration begins in which it is back in cinemas.
    returns_in_weeks: int = 0

    @property
    def rated(self) -> Decimal:
        return Decimal(self.rating)

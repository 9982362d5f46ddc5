from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Film:
    """A film of the demo.

    `certification` is a certificate of India's board, because most of the cinemas are there: the
    film's own, or the nearest to that of another board. `popularity` is from 1 to 5 and decides how
    many seats are sold.
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
    popularity: int = 2
    formats: tuple[str, ...] = ("2D",)
    # For a re-release: in how many weeks it returns to cinemas; 0 for other films.
    returns_in_weeks: int = 0

    @property
    def rated(self) -> Decimal:
        return Decimal(self.rating)

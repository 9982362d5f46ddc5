from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Film:
    """A film of the demo data.

    `certification` is a class of India's film board, because most demo cinemas are in India. For a
    film that this board has not rated, it is the class nearest to another board's rating.
    `popularity` goes from 1 to 5. It decides in how many cinemas the film runs and how many seats
    are sold.
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
    # For a re-release: the number of weeks until it returns to cinemas. 0 for all other films.
    returns_in_weeks: int = 0

    @property
    def rated(self) -> Decimal:
        """The rating as a number, as `Movie.rating` stores it."""
        return Decimal(self.rating)

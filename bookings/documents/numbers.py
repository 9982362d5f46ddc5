"""The text of a document's number: series, financial year, number. Never over 16 characters."""

from datetime import date

LONGEST = 16
LONGEST_PREFIX = 4
JANUARY, APRIL = 1, 4
#: The first month of the financial year, by country. Elsewhere it is the calendar year.
YEAR_BEGINS = {"IN": APRIL}


class SeriesFull(ValueError):
    """The number is too large for 16 characters. The series needs a shorter prefix."""


def year_begins(place: str) -> int:
    """The month in which the financial year begins in a place such as IN-MH."""
    return YEAR_BEGINS.get(place.partition("-")[0], JANUARY)


def financial_year(day: date, begins: int) -> str:
    """The financial year of a day: 26-27 if it begins in April, 2026 if it begins in January."""
    first = day.year if day.month >= begins else day.year - 1
    if begins == JANUARY:
        return f"{first}"
    return f"{first % 100:02d}-{(first + 1) % 100:02d}"


def number_text(prefix: str, year: str, number: int) -> str:
    """MUM1/26-27/00042. A large number takes the room of the dash and of the first slash.

    Raises SeriesFull.
    """
    short = year.replace("-", "")
    for text in (
        f"{prefix}/{year}/{number:05d}",
        f"{prefix}/{short}/{number}",
        f"{prefix}{short}/{number}",
    ):
        if len(text) <= LONGEST:
            return text
    raise SeriesFull(f"{prefix}: number {number} of {year} needs more than {LONGEST} characters")

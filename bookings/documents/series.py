"""The series of a cinema: found or created, and locked while numbers are given."""

from collections.abc import Iterator
from itertools import count

from shows.models import Cinema

from .models import DocumentSeries, Kind
from .numbers import LONGEST_PREFIX, year_begins


def locked_series(cinema: Cinema, kind: str) -> DocumentSeries:
    """The cinema's series of this kind, created if it is missing, and locked.

    Call it in a transaction. All workers that number documents of this series wait here, so they
    see each other's numbers.
    """
    series = DocumentSeries.objects.select_for_update(no_key=True)
    found = series.filter(cinema=cinema, kind=kind).first()
    if found is None:
        _create(cinema, kind)
        found = series.get(cinema=cinema, kind=kind)
    return found


def _create(cinema: Cinema, kind: str) -> None:
    """Create the series with the first prefix that is free. Another worker may be doing the same;
    then its series stays."""
    for prefix in _prefixes(cinema, kind):
        DocumentSeries.objects.bulk_create(
            [
                DocumentSeries(
                    cinema=cinema,
                    kind=kind,
                    prefix=prefix,
                    year_begins=year_begins(cinema.tax_place),
                )
            ],
            ignore_conflicts=True,
        )
        if DocumentSeries.objects.filter(cinema=cinema, kind=kind).exists():
            return


def _prefixes(cinema: Cinema, kind: str) -> Iterator[str]:
    """MUM1, MUM2 … MU10 for invoices in Mumbai, CMU1 … for credit notes."""
    letters = "".join(c for c in cinema.city.upper() if "A" <= c <= "Z") or "BMS"
    stem = f"C{letters}" if kind == Kind.CREDIT_NOTE else letters
    for number in count(1):
        digits = f"{number}"
        yield stem[: LONGEST_PREFIX - len(digits)] + digits

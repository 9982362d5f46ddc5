"""What lists of films and shows say about on-sales: when they open, and the way to their room."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.http import HttpRequest

from bookmyshow.core.cache import cacheable, get_or_compute
from bookmyshow.core.templatetags.formatting import moment
from shows.models import Show

from .models import OnSale, room_path
from .pages import common_clock
from .visitor_pass import own_pass

KEY = "on-sales"
#: For this long lists may say that a show is on sale after it was switched off. Holds read the row.
KEPT_SECONDS = 5


@cacheable
@dataclass(frozen=True, slots=True)
class Opening:
    """An on-sale that is on, with the time zones of its cinemas."""

    on_sale_id: int
    movie_id: int | None
    opens_at: datetime
    is_closed: bool
    zones: list[str]


class SaleNote(NamedTuple):
    """What a list says about shows that are on sale through a waiting room."""

    #: The film, if the on-sale covers all of its coming shows; None if it covers one show.
    movie_id: int | None
    address: str
    opens: datetime
    is_open: bool
    is_closed: bool
    names_zone: bool

    @property
    def words(self) -> str:
        if self.is_closed:
            return "Sale closed for now"
        if self.is_open:
            return "Waiting room"
        return f"On sale {moment(self.opens)}{f' {self.opens:%Z}' if self.names_zone else ''}"


def sale_notes(at: datetime) -> dict[int, SaleNote]:
    """The notes of all on-sales that are on and have a coming show, by the on-sale's id."""
    found: list[Opening] = get_or_compute(KEY, lambda: _openings(at), seconds=KEPT_SECONDS)
    return {opening.on_sale_id: _note(opening, at) for opening in found}


def notes_of_films(at: datetime) -> dict[int, SaleNote]:
    """The same by film, for on-sales of whole films."""
    return {note.movie_id: note for note in sale_notes(at).values() if note.movie_id}


def notes_without_pass(
    request: HttpRequest, shows: Iterable[Show], at: datetime
) -> dict[int, SaleNote]:
    """The notes about these shows, by the on-sale's id.

    Left out are those that the visitor has a pass for. Costs nothing if none of the shows has a
    waiting room.
    """
    ids = {show.on_sale_id for show in shows if show.on_sale_id}
    found = sale_notes(at) if ids else {}
    return {pk: found[pk] for pk in ids & found.keys() if own_pass(request, pk) is None}


def _openings(at: datetime) -> list[Opening]:
    coming = Show.objects.filter(on_sale__isnull=False, starts_at__gt=at).order_by()
    places = coming.values_list("on_sale", "screen__cinema__timezone").distinct()
    zones: dict[int, list[str]] = {}
    for on_sale_id, zone in places:
        zones.setdefault(on_sale_id, []).append(zone)
    return [
        Opening(
            on_sale_id=sale.pk,
            movie_id=sale.movie_id,
            opens_at=sale.opens_at,
            is_closed=sale.mode == OnSale.Mode.CLOSED,
            zones=sorted(zones[sale.pk]),
        )
        for sale in OnSale.objects.on().filter(pk__in=zones)
    ]


def _note(opening: Opening, at: datetime) -> SaleNote:
    zone, names_zone = common_clock(ZoneInfo(name) for name in opening.zones)
    return SaleNote(
        movie_id=opening.movie_id,
        address=room_path(opening.on_sale_id),
        opens=opening.opens_at.astimezone(zone),
        is_open=opening.opens_at <= at,
        is_closed=opening.is_closed,
        names_zone=names_zone,
    )

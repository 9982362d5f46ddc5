"""Whether a visitor may open the shows of an on-sale, and what lists of shows say about it.

A `Door` is the entry to these shows. The check-in at the cinema is in bookings/door.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from bookmyshow.core.cache import cacheable, get_or_compute
from bookmyshow.core.templatetags.formatting import moment
from shows.models import Show

from . import passes
from .errors import PassRequired
from .models import OnSale, room_path
from .pages import common_clock
from .places import is_inside

KEY = "on-sales"
#: For this long lists may say that a show is on sale after it was switched off. Holds read the row.
KEPT_SECONDS = 5


def own_pass(request: HttpRequest, on_sale_id: int) -> passes.Pass | None:
    """The visitor's pass for this on-sale, if their browser has a valid one and their turn has not
    ended. One read for those who have one.
    """
    found = signed_pass(request, on_sale_id)
    return found if found and is_inside(on_sale_id, found.user_id) else None


def signed_pass(request: HttpRequest, on_sale_id: int) -> passes.Pass | None:
    """The pass in the visitor's browser whose time is not over. No statement."""
    texts = passes.of_cookies(request.COOKIES)
    if not texts or not isinstance(request.user, User):
        return None
    try:
        return passes.check_any(texts, on_sale_id, request.user.pk, timezone.now())
    except PassRequired:
        return None


class LetIn(NamedTuple):
    """How long the viewer of a show may choose seats."""

    #: On the cinema's clock.
    ends: datetime
    seconds: int


def let_in(request: HttpRequest, show: Show) -> LetIn | None:
    """None for a show without a waiting room, or for a viewer without its pass. No statement."""
    found = signed_pass(request, show.on_sale_id) if show.on_sale_id else None
    if found is None:
        return None
    left = (found.ends_at - timezone.now()).total_seconds()
    return LetIn(found.ends_at.astimezone(show.screen.cinema.tz), int(left))


@cacheable
@dataclass(frozen=True, slots=True)
class Opening:
    """An on-sale that is on, with the time zones of its cinemas."""

    on_sale_id: int
    movie_id: int | None
    opens_at: datetime
    is_closed: bool
    zones: list[str]


class Door(NamedTuple):
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


def doors(at: datetime) -> dict[int, Door]:
    """The doors of all on-sales that are on and have a coming show, by the on-sale's id."""
    found: list[Opening] = get_or_compute(KEY, lambda: _openings(at), seconds=KEPT_SECONDS)
    return {opening.on_sale_id: _door(opening, at) for opening in found}


def doors_of_films(at: datetime) -> dict[int, Door]:
    """The same by film, for on-sales of whole films."""
    return {door.movie_id: door for door in doors(at).values() if door.movie_id}


def closed_doors(request: HttpRequest, shows: Iterable[Show], at: datetime) -> dict[int, Door]:
    """The doors to these shows, by the on-sale's id, but not those that the visitor has a pass for.

    Costs nothing if none of the shows has a waiting room.
    """
    ids = {show.on_sale_id for show in shows if show.on_sale_id}
    found = doors(at) if ids else {}
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


def _door(opening: Opening, at: datetime) -> Door:
    zone, names_zone = common_clock(ZoneInfo(name) for name in opening.zones)
    return Door(
        movie_id=opening.movie_id,
        address=room_path(opening.on_sale_id),
        opens=opening.opens_at.astimezone(zone),
        is_open=opening.opens_at <= at,
        is_closed=opening.is_closed,
        names_zone=names_zone,
    )

"""What the pages of a waiting room say: about the on-sale, and about one visitor's place in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from bookmyshow.core.templatetags.formatting import wait
from movies.models import Movie
from shows.models import Show

from .join_and_enter import place_in_line
from .models import OnSale, Place
from .shared_state import Phase, phase_of

#: How long a shared cache keeps the page. The state decides what it shows, and is newer.
PAGE_SECONDS = 15
#: How long a browser keeps the arrival number.
NUMBER_KEPT = timedelta(days=30)


def place_cookie(on_sale_id: int) -> str:
    """The cookie with the visitor's arrival number, for the script of the waiting page.

    It is for display only: the server never reads it.
    """
    return f"place-{on_sale_id}"


def common_clock(zones: Iterable[ZoneInfo]) -> tuple[ZoneInfo, bool]:
    """The clock for the times of an on-sale: the cinemas' own if they share one, else the site's.

    And whether the pages must say which clock it is.
    """
    found = set(zones)
    if len(found) == 1:
        return found.pop(), False
    return ZoneInfo(settings.TIME_ZONE), True


def clock_of(movie_id: int | None, show: Show | None) -> tuple[ZoneInfo, bool]:
    """`common_clock` of the cinemas that show the film, or of the show's."""
    if show:
        return show.screen.cinema.tz, False
    shows = Show.objects.upcoming(at=timezone.now()).filter(movie=movie_id).order_by()
    names = shows.values_list("screen__cinema__timezone", flat=True).distinct()
    return common_clock(ZoneInfo(name) for name in names)


@dataclass(frozen=True)
class SalePage:
    """An on-sale, from `with_names`, as its pages show it."""

    sale: OnSale

    @property
    def film(self) -> Movie:
        film = self.sale.movie or (self.sale.show and self.sale.show.movie)
        assert film  # the constraint on_sale_of_a_film_or_a_show
        return film

    @cached_property
    def clock(self) -> tuple[ZoneInfo, bool]:
        """The clock of its times, and whether the pages must say which it is (`clock_of`)."""
        return clock_of(self.sale.movie_id, self.sale.show)

    @property
    def target(self) -> str:
        """Where people choose seats: the show, or the times of the film."""
        if self.sale.show:
            return self.sale.show.get_absolute_url()
        return f"{self.film.get_absolute_url()}#times"

    def context(self) -> dict[str, Any]:
        """What the shared page and a visitor's own page both show."""
        zone, names_zone = self.clock
        opens = self.sale.opens_at.astimezone(zone)
        return {
            "sale": self.sale,
            "movie": self.film,
            "show": self.sale.show,
            "opens": opens,
            "prequeue": self.sale.prequeue_from.astimezone(zone),
            "zone": f"{opens:%Z}" if names_zone else "",
            "is_lottery": self.sale.mode == OnSale.Mode.LOTTERY or self.sale.is_lottery,
            "target_url": self.target,
            "call_minutes": settings.ON_SALE_CALL_MINUTES,
            "pass_minutes": settings.ON_SALE_PASS_MINUTES,
            **{
                f"{name}_url": reverse(f"waiting_room:{name}", args=[self.sale.pk])
                for name in ("room", "state", "place", "join", "enter")
            },
        }

    def shared(self) -> str:
        """The page that is the same for everybody."""
        names = {
            "place_cookie": place_cookie(self.sale.pk),
            "token_cookie": settings.CSRF_COOKIE_NAME,
        }
        return render_to_string("shows/waiting_room/room.html", self.context() | names)

    def own(self, place: Place | None, now: datetime) -> dict[str, Any]:
        """The context of a visitor's own page. `viewOf` in rules.js decides the same."""
        waits = place if place and place.done_at is None else None
        part = _part(self.sale, waits, now)
        found: dict[str, Any] = {"part": part, "rate": self.sale.rate, "place": waits}
        if place and place.done_at:
            found["outcome"] = place.outcome
        if waits and part == "line":
            ahead = (place_in_line(waits, self.sale) or 1) - 1
            found |= {"ahead": ahead, "least_wait": wait(ceil(60 * (ahead + 1) / self.sale.rate))}
        if waits and waits.pass_ends_at:
            found["pass_ends"] = waits.pass_ends_at.astimezone(self.clock[0])
        return self.context() | found


def _part(sale: OnSale, place: Place | None, now: datetime) -> str:
    """The part of templates/shows/waiting_room/_board.html that fits."""
    phase = phase_of(sale, now)
    if phase in {Phase.OFF, Phase.CLOSED}:
        return str(phase)
    if phase in {Phase.BEFORE, Phase.PREQUEUE}:
        return "early" if phase == Phase.BEFORE else "inside" if place else "before"
    if place is None:
        return "open"
    if place.called_at:
        return "entered" if place.entered_at else "turn"
    up_to = place_in_line(place, sale)
    return "drawing" if up_to is None else "next" if up_to == 1 else "line"

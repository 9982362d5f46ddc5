"""Live figures of on-sales: for the page of staff, and for the metrics."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Count, Q

from shows.models import Seat, Show

from .forms import ways_of
from .models import OnSale, Place
from .pages import SalePage
from .shared_state import Phase, phase_of

Outcome = Place.Outcome
#: An on-sale that is switched on, and whose shows have begun, is listed this long after opening.
STILL_LISTED = timedelta(days=2)
#: If the leader has not looked for this long, people wait and nobody is let in.
LATE = timedelta(seconds=15)
IS_ACTIVE = Q(called_at__isnull=False, done_at=None)
COUNTS = {
    "waiting": Q(called_at=None),
    "called": IS_ACTIVE & Q(entered_at=None),
    "choosing": IS_ACTIVE & Q(entered_at__isnull=False),
    "bought": Q(outcome=Outcome.BOUGHT),
    "missed": Q(outcome__in=[Outcome.LAPSED, Outcome.EXPIRED]),
}


class People(NamedTuple):
    """People of an on-sale by where they are: each is counted once."""

    #: They have not been called.
    waiting: int = 0
    #: They may come in, and have not yet.
    called: int = 0
    #: They are inside.
    choosing: int = 0
    #: Their turn has ended: with tickets, or without.
    bought: int = 0
    missed: int = 0

    @property
    def active(self) -> int:
        return self.called + self.choosing


@dataclass(frozen=True)
class Figures:
    """An on-sale and its people at one moment."""

    sale: OnSale
    people: People
    at: datetime

    @property
    def last_look(self) -> datetime:
        """When the leader last looked; not before the opening."""
        return max(self.sale.looked_at or self.sale.opens_at, self.sale.opens_at)

    @property
    def since_look(self) -> timedelta:
        return self.at - self.last_look


@dataclass(frozen=True)
class StaffFigures(Figures):
    """The figures of one on-sale, with the further facts of the page "On sale now"."""

    phase: Phase
    #: Local times on the cinemas' clock.
    opens: datetime
    prequeue: datetime
    sold: int
    held: int
    seats: int
    shows: int

    @property
    def ways(self) -> list[OnSale.Mode]:
        """How a closed sale can be opened again."""
        return ways_of(self.sale)

    @property
    def clock(self) -> str:
        return f"{self.opens:%Z}"

    @property
    def is_stuck(self) -> bool:
        """Nobody is let in although people wait: the worker or the cache server is away."""
        return self.phase in {Phase.DRAWING, Phase.OPEN} and self.since_look > LATE


def figures_of_open_sales(*, at: datetime) -> list[Figures]:
    """The on-sales that let people in at `at`, by id. Two queries."""
    due = OnSale.objects.admitting().filter(opens_at__lte=at).with_coming_shows(at=at)
    return [Figures(sale, people, at) for sale, people in _counted(due.order_by("pk"))]


def on_sale_now(at: datetime) -> list[StaffFigures]:
    """Every on-sale that is on, with coming shows or opened lately; the next opening first."""
    coming = Show.objects.filter(starts_at__gt=at).values("on_sale")
    listed = Q(pk__in=coming) | Q(opens_at__gt=at - STILL_LISTED)
    sales = OnSale.objects.on().with_names().filter(listed).order_by("opens_at", "pk")
    return [_for_staff(sale, people, at) for sale, people in _counted(sales)]


def _counted(sales: Iterable[OnSale]) -> list[tuple[OnSale, People]]:
    found = list(sales)
    counts = {name: Count("pk", filter=condition) for name, condition in COUNTS.items()}
    places = Place.objects.filter(on_sale__in=found).order_by().values("on_sale")
    rows = places.annotate(**counts).values_list("on_sale", *People._fields)
    people = {on_sale: People(*numbers) for on_sale, *numbers in rows}
    return [(sale, people.get(sale.pk, People())) for sale in found]


def _for_staff(sale: OnSale, people: People, at: datetime) -> StaffFigures:
    seats = Seat.objects.filter(show__on_sale=sale).aggregate(
        sold=Count("pk", filter=Q(booking__status="CONFIRMED")),
        held=Count("pk", filter=Q(booking__status="PENDING", booking__expires_at__gt=at)),
        seats=Count("pk"),
        shows=Count("show", distinct=True),
    )
    zone, _ = SalePage(sale).clock
    return StaffFigures(
        sale=sale,
        people=people,
        at=at,
        phase=phase_of(sale, at),
        opens=sale.opens_at.astimezone(zone),
        prequeue=sale.prequeue_from.astimezone(zone),
        **seats,
    )

"""Figures of on-sales for the staff page "On sale now". For metrics: `progress`."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from shows.models import Seat, Show

from .forms import ways_of
from .models import OnSale, Place
from .pages import SalePage
from .state import Phase, phase_of

Outcome = Place.Outcome
#: An on-sale that is switched on, and whose shows have begun, is listed this long after opening.
STILL_LISTED = timedelta(days=2)
#: If the leader has not looked for this long, people wait and nobody is let in.
LATE = timedelta(seconds=15)


@dataclass(frozen=True)
class Figures:
    """One on-sale at one moment: people by what they do, seats by their state."""

    sale: OnSale
    phase: Phase
    #: Local times on the cinemas' clock.
    opens: datetime
    prequeue: datetime
    waiting: int
    called: int
    choosing: int
    bought: int
    missed: int
    sold: int
    held: int
    seats: int
    shows: int
    #: Nobody is let in although people wait: the worker or the cache server is away.
    is_stuck: bool

    @property
    def ways(self) -> list[OnSale.Mode]:
        """How a closed sale can be opened again."""
        return ways_of(self.sale)

    @property
    def clock(self) -> str:
        return f"{self.opens:%Z}"

    @property
    def active(self) -> int:
        return self.called + self.choosing


def on_sale_now(at: datetime) -> list[Figures]:
    """Every on-sale that is on, with coming shows or opened lately; the next opening first."""
    coming = Show.objects.filter(starts_at__gt=at).values("on_sale")
    listed = Q(pk__in=coming) | Q(opens_at__gt=at - STILL_LISTED)
    sales = [*OnSale.objects.on().with_names().filter(listed).order_by("opens_at", "pk")]
    return [_figures(sale, at) for sale in sales]


def _figures(sale: OnSale, at: datetime) -> Figures:
    is_active = Q(done_at=None, called_at__isnull=False)
    places = Place.objects.filter(on_sale=sale).aggregate(
        waiting=Count("pk", filter=Q(called_at=None)),
        called=Count("pk", filter=is_active & Q(entered_at=None)),
        choosing=Count("pk", filter=is_active & Q(entered_at__isnull=False)),
        bought=Count("pk", filter=Q(outcome=Outcome.BOUGHT)),
        missed=Count("pk", filter=Q(outcome__in=[Outcome.LAPSED, Outcome.EXPIRED])),
    )
    seats = Seat.objects.filter(show__on_sale=sale).aggregate(
        sold=Count("pk", filter=Q(booking__status="CONFIRMED")),
        held=Count("pk", filter=Q(booking__status="PENDING", booking__expires_at__gt=at)),
        seats=Count("pk"),
        shows=Count("show", distinct=True),
    )
    zone, _ = SalePage(sale).clock
    phase = phase_of(sale, at)
    looked_at = sale.looked_at or sale.opens_at
    return Figures(
        sale=sale,
        phase=phase,
        opens=sale.opens_at.astimezone(zone),
        prequeue=sale.prequeue_from.astimezone(zone),
        is_stuck=phase in {Phase.DRAWING, Phase.OPEN} and at - looked_at > LATE,
        **places,
        **seats,
    )

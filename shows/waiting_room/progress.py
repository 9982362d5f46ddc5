"""How many people wait in open waiting rooms, and whether they are let in: for metrics."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Count, Q, QuerySet

from .models import OnSale


class Progress(NamedTuple):
    """An on-sale that has opened, at one moment."""

    on_sale_id: int
    #: People who wait for their turn, and people who may choose seats.
    waiting: int
    active: int
    bought: int
    #: The time since the last run of the leader; before the first run, since the opening.
    since_look: timedelta


def progress_of_open_sales(*, at: datetime) -> list[Progress]:
    """The on-sales that let people in at `at`, by id. One query."""
    sales = _open_sales(at).annotate(
        waiting=Count("places", filter=Q(places__called_at=None)),
        active=Count("places", filter=Q(places__called_at__isnull=False, places__done_at=None)),
        bought=Count("places", filter=Q(places__outcome="BOUGHT")),
    )
    return [
        Progress(
            sale.pk,
            sale.waiting,
            sale.active,
            sale.bought,
            at - max(sale.looked_at or sale.opens_at, sale.opens_at),
        )
        for sale in sales
    ]


def _open_sales(at: datetime) -> QuerySet[OnSale]:
    due = OnSale.objects.admitting().filter(opens_at__lte=at).with_coming_shows(at=at)
    return due.order_by("pk")

"""On-sales for tests. Tests do not change the clock: they change the times of rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest import mock

from django.db.models import F
from django.utils import timezone

from movies.models import Movie
from shows.models import Show
from shows.waiting_room import admission, services
from shows.waiting_room.models import OnSale, Place

from .factories import make_user


def make_sale(
    what: Movie | Show,
    *,
    prequeue_in: timedelta = timedelta(minutes=-10),
    opens_in: timedelta = timedelta(minutes=30),
    **fields: Any,
) -> OnSale:
    """An on-sale of a film or a show that people can join, and that opens in half an hour."""
    now = timezone.now()
    fields.setdefault("by", make_user(is_staff=True))
    fields.setdefault("rate", 600)
    fields.setdefault("active_cap", 100)
    covered = {"movie": what} if isinstance(what, Movie) else {"show": what}
    return services.schedule_sale(
        prequeue_from=now + prequeue_in, opens_at=now + opens_in, **covered, **fields
    )


def open_sale(what: Movie | Show, *, mode: str = "FIFO", **fields: Any) -> OnSale:
    """An on-sale that has opened a moment ago, before anybody came."""
    sale = make_sale(what, opens_in=timedelta(0), mode=mode, **fields)
    services.admit(sale.pk)
    sale.refresh_from_db()
    return sale


def admit_now(sale: OnSale, people: int) -> int:
    """Open the sale and call at most this number of people, without waiting for the rate."""
    OnSale.objects.filter(pk=sale.pk, opens_at__gt=timezone.now()).update(opens_at=timezone.now())
    if OnSale.objects.filter(pk=sale.pk, drawn_at=None).exists():
        OnSale.objects.filter(pk=sale.pk).update(rate=1)
        services.admit(sale.pk)
    with owing(sale, people=people):
        return services.admit(sale.pk)


@contextmanager
def owing(sale: OnSale, *, people: int) -> Iterator[None]:
    """While the block runs, the rate allows this many people, and another one in a minute."""
    OnSale.objects.filter(pk=sale.pk).update(
        rate=1, credited_to=timezone.now() - timedelta(minutes=people)
    )
    with mock.patch.object(admission, "MOST_CREDIT", timedelta(days=1)):
        yield


def pass_of(sale: OnSale, person: Any) -> str:
    """The pass of a person who joins, is called and enters."""
    place = services.join(sale.pk, person)
    Place.objects.filter(pk=place.pk, called_at=None).update(
        turn=place.number, called_at=timezone.now()
    )
    return services.enter(place)


def move_back(place: Place, by: timedelta) -> None:
    """Move the call and the entry of a place into the past."""
    Place.objects.filter(pk=place.pk).update(
        called_at=F("called_at") - by, entered_at=F("entered_at") - by
    )

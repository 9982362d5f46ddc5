"""A show with its film, screen and cinema, cached for five minutes (docs/spec.md §7).

For display only: code that decides something about a show reads its row. `current.forget` drops the
entry after each change of the show or of one of its seats.
"""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_save
from django.http import Http404

from bookmyshow.core.cache import Group
from bookmyshow.core.time import database_now
from shows.models import Cinema, Show

from . import current as seatmap

KEPT_SECONDS = 5 * 60
#: The columns that the seat map's page needs. Any other column costs a query in each request.
SHOWN = (
    "starts_at",
    "format",
    "language",
    "on_sale",
    "standard_price",
    "premium_price",
    "movie__title",
    "movie__slug",
    "screen__name",
    "screen__cinema__name",
    "screen__cinema__city",
    "screen__cinema__timezone",
    "screen__cinema__currency",
    "screen__cinema__booking_fee",
    "screen__cinema__booking_fee_per",
)


def show_or_404(show_id: int) -> Show:
    """The show, cached. Raises Http404."""
    try:
        return Group(seatmap.group(show_id)).get_or_compute(
            "details",
            lambda: _read(show_id),
            seconds=KEPT_SECONDS,
        )
    except Show.DoesNotExist as error:
        raise Http404("There is no such show.") from error


def _read(show_id: int) -> Show:
    return Show.objects.select_related("movie", "screen__cinema").only(*SHOWN).get(pk=show_id)


def connect_signals() -> None:
    """Drop the cached show after a Show or its Cinema is saved.

    Code that changes bookings calls `forget`.
    """

    def forget_saved(instance: Show, **_signal: Any) -> None:
        transaction.on_commit(partial(seatmap.forget, instance.pk))

    def forget_coming(instance: Cinema, **_signal: Any) -> None:
        # The booking fee is part of the prices on a map.
        coming = Show.objects.upcoming(at=database_now()).filter(screen__cinema=instance)
        for show_id in coming.values_list("pk", flat=True):
            transaction.on_commit(partial(seatmap.forget, show_id))

    post_save.connect(forget_saved, sender=Show, weak=False, dispatch_uid="show details")
    post_save.connect(forget_coming, sender=Cinema, weak=False, dispatch_uid="shows of cinema")

"""Staff schedule an on-sale, change it and switch it (docs/spec.md §24.5).

Locks, in this order: the on-sale, its film, its shows by primary key. A transaction that creates
shows of the film has locked it too (`shows.services.keep_in_use`): so a new show gets the on-sale
either there (`new_shows.put_on_sale`) or here.
"""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.models import User
from bookmyshow.core.db.transactions import lock_timeout_raises
from bookmyshow.core.staff import audit
from bookmyshow.core.time import database_now
from movies.models import Movie
from shows.errors import ShowBusy
from shows.locks import lock_shows
from shows.models import Show

from .admission import go_on_after
from .errors import AlreadyDrawn, AlreadyOnSale, OnSaleNotFound
from .models import Arrivals, OnSale

Mode = OnSale.Mode
#: What can be changed after the draw too.
ALWAYS = ("rate", "active_cap")


def schedule_sale(
    *,
    by: User,
    opens_at: datetime,
    prequeue_from: datetime,
    rate: int,
    active_cap: int,
    movie: Movie | None = None,
    show: Show | None = None,
    mode: str = Mode.LOTTERY,
) -> OnSale:
    """Schedule the on-sale of a film, with all its coming shows, or of one show.

    From now on nobody can hold seats there without a pass, unless `mode` is OFF. Raises
    AlreadyOnSale, ShowBusy.
    """
    sale = OnSale(
        movie=movie,
        show=show,
        mode=mode,
        opens_at=opens_at,
        prequeue_from=prequeue_from,
        rate=rate,
        active_cap=active_cap,
        scheduled_by=by,
    )
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        _save(sale)
        Arrivals.objects.create(on_sale=sale)
        _cover(sale)
        audit.record(by=by, about=sale, what=_described(sale), kind=audit.ADDITION)
    return sale


def change_sale(*, on_sale_id: int, by: User, **changes: Any) -> OnSale:
    """Change the rate and the cap at any time, the times only before the draw.

    Raises AlreadyDrawn, OnSaleNotFound.
    """
    with transaction.atomic():
        sale = _locked(on_sale_id)
        if sale.drawn_at is not None and not changes.keys() <= set(ALWAYS):
            raise AlreadyDrawn
        for name, value in changes.items():
            setattr(sale, name, value)
        sale.save(update_fields=list(changes))
        audit.record(by=by, about=sale, what=_described(sale))
    return sale


def switch_sale(*, on_sale_id: int, mode: str, by: User) -> OnSale:
    """Switch the mode. OFF lets everybody hold; CLOSED lets nobody, also people with a pass.

    After the draw its order stays, so it can only be switched back on as it was drawn. The time in
    which it was closed is no part of anybody's turn. The same mode again changes nothing. Raises
    AlreadyDrawn, AlreadyOnSale, OnSaleNotFound, ShowBusy.
    """
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        sale = _locked(on_sale_id)
        is_other = mode != (Mode.LOTTERY if sale.is_lottery else Mode.FIFO)
        if sale.drawn_at is not None and mode in {Mode.FIFO, Mode.LOTTERY} and is_other:
            raise AlreadyDrawn
        if sale.mode == mode:
            return sale
        now = database_now()
        if sale.mode == Mode.CLOSED and sale.drawn_at and sale.looked_at:
            go_on_after(sale, now, now - sale.looked_at)
        # The leader skips a closed sale. So this is the time of the switch.
        sale.mode, sale.looked_at = mode, now
        _save(sale)
        _cover(sale)
        audit.record(by=by, about=sale, what=f"Switched: {sale.get_mode_display().lower()}.")
    return sale


def _locked(on_sale_id: int) -> OnSale:
    sale = OnSale.objects.select_for_update(no_key=True).filter(pk=on_sale_id).first()
    if sale is None:
        raise OnSaleNotFound
    return sale


def _save(sale: OnSale) -> None:
    try:
        with transaction.atomic():
            sale.save()
    except IntegrityError as error:
        if "on_sale_one_for_a" not in str(error):
            raise
        raise AlreadyOnSale from error


def _cover(sale: OnSale) -> None:
    """Write the on-sale into its coming shows, or take it out of all its shows.

    A hold locks its show too, and reads it after that. So a hold that waits for this transaction
    sees the switch.
    """
    film = sale.movie or sale.show.movie  # type: ignore[union-attr]
    Movie.objects.select_for_update().order_by().only("pk").get(pk=film.pk)
    if sale.mode == Mode.OFF:
        covered = lock_shows(Show.objects.filter(on_sale=sale))
    else:
        coming = Q(movie=sale.movie_id, starts_at__gt=database_now(), status="SCHEDULED")
        covered = lock_shows(Show.objects.filter(coming if sale.movie_id else Q(pk=sale.show_id)))
        if any(show.on_sale_id not in {None, sale.pk} for show in covered):
            raise AlreadyOnSale
    for show in covered:
        show.on_sale = None if sale.mode == Mode.OFF else sale
        show.sale_closed = sale.mode == Mode.CLOSED
        # By `save`, for the signals that drop what is cached of a show.
        show.save(update_fields=["on_sale", "sale_closed", "updated_at"])


def _described(sale: OnSale) -> str:
    return (
        f"Waiting room from {sale.prequeue_from:%d %b %Y %H:%M} UTC, opening"
        f" {sale.opens_at:%d %b %H:%M} UTC, {sale.rate} people a minute,"
        f" {sale.active_cap} at the same time ({sale.get_mode_display().lower()})."
    )

"""Changes to the schedule: create and delete shows, archive films and cinemas."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from accounts.models import User
from bookmyshow.core.db.transactions import lock_timeout_raises
from bookmyshow.core.staff import audit
from movies.models import LONGEST_FILM, Movie

from .cinema_money import refuse_fine_price
from .errors import (
    Archived,
    CinemaHasComingShows,
    MovieHasComingShows,
    MovieNotSchedulable,
    ShowBusy,
    ShowHasBookings,
    ShowOverlaps,
)
from .listings import home_lists
from .models import Cinema, Screen, Show
from .screen_times import write_screen_times
from .seating.plan import PlanSeat, parse_plan
from .seatmap import current as seatmap
from .waiting_room.new_shows import put_on_sale

OVERLAP_CONSTRAINT = "show_no_overlap_on_screen"
#: A show can be scheduled at most this far ahead. A later date is probably a typing error.
FURTHEST_SHOW = timedelta(days=730)
#: Texts for the audit log.
ARCHIVED, RESTORED = "Archived.", "Restored from the archive."


@dataclass(frozen=True, slots=True)
class ShowSlot:
    """A show to be created: film, screen, start and prices."""

    movie: Movie
    screen: Screen
    starts_at: datetime
    standard_price: Decimal
    premium_price: Decimal
    format: str = "2D"
    language: str = ""


def create_show(
    *,
    movie: Movie,
    screen: Screen,
    starts_at: datetime,
    standard_price: Decimal,
    premium_price: Decimal,
    format: str = "2D",
    language: str = "",
    by: User | None = None,
    what: str = "Added.",
) -> Show:
    """Create one show, with its seats from the screen's seating plan.

    `by` and `what` are explained at `create_shows`. Raises ShowOverlaps, MovieNotSchedulable,
    Archived, PriceTooFine, and PlanError if the plan can't be read.
    """
    slot = ShowSlot(movie, screen, starts_at, standard_price, premium_price, format, language)
    (show,) = create_shows([slot], by=by, what=what)
    return show


def create_shows(
    slots: Sequence[ShowSlot], *, by: User | None = None, what: str = "Added."
) -> list[Show]:
    """Create all of these shows, or none if one of them is refused.

    All shows are inserted with one statement, and all seats of one seating plan with another.
    `by` and `what` are the person and the text of the line in the audit log. Without `by` nothing
    is logged: the admin writes its own line, and demo data needs none. Raises ShowOverlaps,
    MovieNotSchedulable, Archived, PriceTooFine, and PlanError if a plan can't be read.
    """
    plans = {
        text: parse_plan(text) for text in dict.fromkeys(slot.screen.seating_plan for slot in slots)
    }
    shows = [_show_of(slot, len(plans[slot.screen.seating_plan])) for slot in slots]
    with transaction.atomic():
        currencies = keep_in_use(slots)
        for slot in slots:
            _refuse_fine_prices(slot, currencies[slot.screen.cinema_id])
        put_on_sale(shows)
        try:
            with transaction.atomic():
                Show.objects.bulk_create(shows)
                write_screen_times(show.pk for show in shows)
        except IntegrityError as error:
            if OVERLAP_CONSTRAINT not in str(error):
                raise
            raise ShowOverlaps(overlap_message(shows)) from error
        for text, plan in plans.items():
            insert_seats([show for show in shows if show.screen.seating_plan == text], plan)
        if by:
            audit.record_each(by=by, about=shows, what=what, kind=audit.ADDITION)
        home_lists.forget()
    return shows


def keep_in_use(slots: Sequence[ShowSlot]) -> dict[int, str]:
    """Lock the films and cinemas of these shows, so that none is archived before the commit.

    Returns the currency of each cinema, by its id; it can't change before the commit either.

    Films are locked first, then cinemas, each in the order of their primary keys. The lock is FOR
    KEY SHARE, so transactions that create shows don't wait for each other. Archiving, or changing
    the currency, locks its row FOR UPDATE: that and creating wait for each other, and the second
    one sees the change of the first. Raises Archived.
    """
    _lock_in_use(Movie, {slot.movie.pk for slot in slots})
    cinemas = _lock_in_use(Cinema, {slot.screen.cinema_id for slot in slots}, "currency")
    return {cinema.pk: cinema.currency for cinema in cinemas}


def _lock_in_use(
    model: type[Movie] | type[Cinema], pks: Collection[int], *columns: str
) -> list[Any]:
    table = connection.ops.quote_name(model._meta.db_table)
    names = ", ".join(("id", "archived_at", *columns))
    # On Citus two locks FOR KEY SHARE of one film's copies can be a deadlock.
    lock = "NO KEY UPDATE" if settings.CITUS else "KEY SHARE"
    locking = f"SELECT {names} FROM {table} WHERE id = ANY(%s) ORDER BY id FOR {lock}"
    things = list(model._default_manager.raw(locking, [list(pks)]))
    for thing in things:
        _refuse_archived(thing)
    return things


def refuse_archived(slot: ShowSlot) -> None:
    """Raise Archived if the film or the cinema is archived in the instances that were read.

    This is an early check without a lock. `create_shows` checks again under `keep_in_use`.
    """
    _refuse_archived(slot.movie)
    _refuse_archived(slot.screen.cinema)


def _refuse_fine_prices(slot: ShowSlot, currency: str) -> None:
    """Raise PriceTooFine if the currency has fewer decimals than one of the prices."""
    for price in (slot.standard_price, slot.premium_price):
        refuse_fine_price(price, currency)


def _refuse_archived(thing: Movie | Cinema) -> None:
    if thing.archived_at:
        raise Archived(f"{thing} is archived; restore it before scheduling shows.")


def archive_movie(movie: Movie, *, by: User, at: datetime) -> None:
    """Archive a film: lists leave it out, and it gets no new shows. Past shows and tickets stay.

    Raises MovieHasComingShows.
    """
    with transaction.atomic():
        # Waits for transactions that create shows (`keep_in_use`).
        Movie.objects.select_for_update().filter(pk=movie.pk).first()
        if Show.objects.upcoming(at=at).filter(movie=movie).exists():
            raise MovieHasComingShows
        movie.archived_at = at
        movie.save(update_fields=["archived_at", "updated_at"])
        audit.record(by=by, about=movie, what=ARCHIVED)


def restore_movie(movie: Movie, *, by: User) -> None:
    with transaction.atomic():
        movie.archived_at = None
        movie.save(update_fields=["archived_at", "updated_at"])
        audit.record(by=by, about=movie, what=RESTORED)


def archive_cinema(cinema: Cinema, *, by: User, at: datetime) -> None:
    """Archive a cinema: it gets no new shows. Past shows and tickets stay.

    Raises CinemaHasComingShows.
    """
    with transaction.atomic():
        # Waits for transactions that create shows (`keep_in_use`).
        Cinema.objects.select_for_update().filter(pk=cinema.pk).first()
        if Show.objects.upcoming(at=at).filter(screen__cinema=cinema).exists():
            raise CinemaHasComingShows
        cinema.archived_at = at
        cinema.save(update_fields=["archived_at"])
        audit.record(by=by, about=cinema, what=ARCHIVED)


def restore_cinema(cinema: Cinema, *, by: User) -> None:
    with transaction.atomic():
        cinema.archived_at = None
        cinema.save(update_fields=["archived_at"])
        audit.record(by=by, about=cinema, what=RESTORED)


def _show_of(slot: ShowSlot, seats: int) -> Show:
    ends_at, busy_until = show_end(movie=slot.movie, screen=slot.screen, starts_at=slot.starts_at)
    return Show(
        movie=slot.movie,
        screen=slot.screen,
        starts_at=slot.starts_at,
        ends_at=ends_at,
        busy_until=busy_until,
        format=slot.format,
        language=slot.language or slot.movie.language,
        standard_price=slot.standard_price,
        premium_price=slot.premium_price,
        total_seats=seats,
        available_seats=seats,
    )


def overlap_message(shows: Sequence[Show]) -> str:
    """The text of ShowOverlaps, for one show or for several that were created together."""
    if len(shows) > 1:
        return f"One of these {len(shows)} shows has its screen at the same time as another."
    (show,) = shows
    until = show.busy_until.astimezone(show.screen.cinema.tz)
    return (
        f"{show.screen} has another show between {show.local_start:%d %b %H:%M} and"
        f" {until:%H:%M} (cleaning included)."
    )


def time_problem(starts_at: datetime, *, at: datetime) -> str:
    """Why a show can't start at this time, as a text for staff; "" if it can."""
    if starts_at <= at:
        return "This is in the past."
    if starts_at > at + FURTHEST_SHOW:
        return "This is more than two years ahead; look at the year."
    return ""


def show_end(*, movie: Movie, screen: Screen, starts_at: datetime) -> tuple[datetime, datetime]:
    """The end of the film, and the end of the cleaning after it (`busy_until`).

    Raises MovieNotSchedulable.
    """
    if not movie.duration_minutes:
        raise MovieNotSchedulable(
            f"{movie.title} has no running time; set it before scheduling the film."
        )
    if movie.duration_minutes > LONGEST_FILM:
        raise MovieNotSchedulable(
            f"{movie.title} has a running time of {movie.duration_minutes:,} minutes; correct it"
            f" before scheduling the film ({LONGEST_FILM} at most)."
        )
    ends_at = starts_at + timedelta(minutes=movie.duration_minutes)
    return ends_at, ends_at + timedelta(minutes=screen.cleaning_minutes)


# Inserts each seat of the plan for each show. The plan is sent once, as arrays; only the list of
# show ids grows with the number of shows. `place` counts from 1, `position` from 0.
INSERT_SEATS = """
    INSERT INTO shows_seat
        (show_id, "row", number, seat_type, is_wheelchair, x, y, position)
    SELECT show_id, seat.*
    FROM unnest(%s::bigint[]) AS show_id
    CROSS JOIN LATERAL (
        SELECT "row", number, seat_type, is_wheelchair, x, y, place - 1
        FROM unnest(%s::text[], %s::text[], %s::text[], %s::boolean[], %s::int[], %s::int[])
            WITH ORDINALITY AS cell("row", number, seat_type, is_wheelchair, x, y, place)
    ) AS seat
"""


def insert_seats(shows: Sequence[Show], plan: Sequence[PlanSeat]) -> None:
    """Insert the plan's seats for all these shows with one statement, in the plan's order."""
    columns = zip(
        *((s.row, s.number, s.seat_type, s.is_wheelchair, s.x, s.y) for s in plan),
        strict=True,
    )
    with connection.cursor() as cursor:
        cursor.execute(INSERT_SEATS, [[show.pk for show in shows], *map(list, columns)])


def delete_show(*, show: Show, by: User | None = None, what: str = "Deleted.") -> None:
    """Delete a show without bookings, and its seats. Raises ShowHasBookings, ShowBusy.

    `by` and `what` are the person and the text of the line in the audit log. Without `by` nothing
    is logged here: the admin writes its own line, in the same transaction.
    """
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        if by:
            audit.record(by=by, about=show, what=what, kind=audit.DELETION)
        # Waits for holds that have locked the show. A later hold raises ShowNotFound.
        Show.objects.select_for_update().filter(pk=show.pk).first()
        if Show.objects.filter(pk=show.pk, bookings__isnull=False).exists():
            raise ShowHasBookings
        Show.objects.filter(pk=show.pk).delete()
        write_screen_times([show.pk])
        transaction.on_commit(partial(seatmap.forget, show.pk))


def change_terms(
    *,
    show: Show,
    standard_price: Decimal,
    premium_price: Decimal,
    format: str,
    language: str,
) -> None:
    """Change prices, format and language of a show.

    Seats that are held or sold keep their price (docs/spec.md §4.9). Raises ShowBusy and
    PriceTooFine.
    """
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        # A change of the cinema's currency holds this lock (`allow_new_currency`).
        Show.objects.select_for_update().filter(pk=show.pk).first()
        currency = Cinema.objects.get(screens=show.screen_id).currency
        for price in (standard_price, premium_price):
            refuse_fine_price(price, currency)
        # Update only these columns: a booking may have changed `available_seats` since `show` was
        # read.
        Show.objects.filter(pk=show.pk).update(
            standard_price=standard_price,
            premium_price=premium_price,
            format=format,
            language=language,
            updated_at=Now(),
        )
        transaction.on_commit(partial(seatmap.forget, show.pk))
        home_lists.forget()

"""Changes of state of the schedule."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction

from movies.models import Movie

from .models import Screen, Seat, Show
from .seating import PlanSeat, parse_plan

OVERLAP_CONSTRAINT = "show_no_overlap_on_screen"


class ScheduleError(Exception):
    """A show that can't be scheduled; the message says why."""


class ShowOverlaps(ScheduleError):
    """Another show has the screen until its cleaning is done."""


class MovieNotSchedulable(ScheduleError):
    """A film without a running time has no end."""


def create_show(
    *,
    movie: Movie,
    screen: Screen,
    starts_at: datetime,
    standard_price: Decimal,
    premium_price: Decimal,
    format: str = "2D",
    language: str = "",
) -> Show:
    """Schedule a film on a screen and make its seats from the screen's plan in one bulk insert.

    Raises ShowOverlaps, MovieNotSchedulable, and seating.PlanError where the plan can't be read.
    """
    ends_at, busy_until = show_end(movie=movie, screen=screen, starts_at=starts_at)
    plan = parse_plan(screen.seating_plan)
    show = Show(
        movie=movie,
        screen=screen,
        starts_at=starts_at,
        ends_at=ends_at,
        busy_until=busy_until,
        format=format,
        language=language or movie.language,
        standard_price=standard_price,
        premium_price=premium_price,
        total_seats=len(plan),
        available_seats=len(plan),
    )
    with transaction.atomic():
        try:
            with transaction.atomic():
                show.save(force_insert=True)
        except IntegrityError as error:
            if OVERLAP_CONSTRAINT not in str(error):
                raise
            raise ShowOverlaps(
                f"{screen} has another show between {show.local_start:%d %b %H:%M} and"
                f" {busy_until.astimezone(screen.cinema.tz):%H:%M} (cleaning included)."
            ) from error
        Seat.objects.bulk_create(seats_of(show, plan))
    return show


def show_end(*, movie: Movie, screen: Screen, starts_at: datetime) -> tuple[datetime, datetime]:
    """When a show ends, and until when its screen is busy. Raises MovieNotSchedulable."""
    if not movie.duration_minutes:
        raise MovieNotSchedulable(
            f"{movie.title} has no running time; set it before scheduling the film."
        )
    ends_at = starts_at + timedelta(minutes=movie.duration_minutes)
    return ends_at, ends_at + timedelta(minutes=screen.cleaning_minutes)


def seats_of(show: Show, plan: Iterable[PlanSeat]) -> list[Seat]:
    """The plan's seats as rows of this show, in plan order, not yet saved."""
    return [
        Seat(
            show=show,
            row=seat.row,
            number=seat.number,
            seat_type=seat.seat_type,
            is_wheelchair=seat.is_wheelchair,
            position=position,
            x=seat.x,
            y=seat.y,
        )
        for position, seat in enumerate(plan)
    ]

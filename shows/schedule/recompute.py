"""Updates coming shows that were made with an older running time, cleaning time or seating plan.

A show copies these values when it is made. Later changes of its film or screen don't change it
(docs/spec.md §2, §11.3). Staff see which shows differ and recompute them. A show gets new times
unless they overlap the next show on the screen. It gets new seats if it has never had a booking.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import md5

from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from accounts.models import User
from bookmyshow.core.db.transactions import lock_timeout_raises
from bookmyshow.core.staff import audit
from bookmyshow.core.time import database_now
from shows.errors import ScheduleError, ShowBusy
from shows.listings import home_lists
from shows.models import Screen, Seat, Show, ShowQuerySet
from shows.screen_times import write_screen_times
from shows.seating.plan import PlanError, PlanSeat, parse_plan
from shows.seatmap import current as seatmap
from shows.services import (
    OVERLAP_CONSTRAINT,
    insert_seats,
    show_end,
)

SEATS_DIGESTS = """
    SELECT show_id, md5(string_agg(
        concat_ws(',', "row", number, seat_type, is_wheelchair, x, y), ';' ORDER BY position))
    FROM shows_seat WHERE show_id = ANY(%s) GROUP BY show_id
"""


@dataclass(frozen=True, slots=True)
class Outdated:
    """A coming show, the values it would get if it were made now, and what prevents the change."""

    show: Show
    ends_at: datetime
    busy_until: datetime
    #: The seats of the current plan if they differ from the show's seats, else None.
    plan: Sequence[PlanSeat] | None
    times_problem: str = ""
    seats_problem: str = ""

    @property
    def has_old_times(self) -> bool:
        return (self.ends_at, self.busy_until) != (self.show.ends_at, self.show.busy_until)

    @property
    def new_times(self) -> bool:
        return self.has_old_times and not self.times_problem

    @property
    def new_seats(self) -> bool:
        return self.plan is not None and not self.seats_problem

    @property
    def can_change(self) -> bool:
        return self.new_times or self.new_seats

    @property
    def problems(self) -> list[str]:
        return [problem for problem in (self.times_problem, self.seats_problem) if problem]

    @property
    def local_ends(self) -> datetime:
        return self.ends_at.astimezone(self.show.screen.cinema.tz)

    @property
    def local_free(self) -> datetime:
        return self.busy_until.astimezone(self.show.screen.cinema.tz)

    @property
    def local_free_now(self) -> datetime:
        return self.show.busy_until.astimezone(self.show.screen.cinema.tz)


def outdated(shows: ShowQuerySet, *, at: datetime) -> list[Outdated]:
    """The coming shows that would get other times or seats now, ordered by start.

    Makes a fixed number of queries.
    """
    with_plans = shows.select_related("movie", "screen__cinema").defer("movie__search")
    coming = list(with_plans.upcoming(at=at))
    plans = {screen: _plan(screen) for screen in {show.screen for show in coming}}
    digests = _digests(coming)
    booked = _booked(coming)
    following = _Following(at, plans)
    found = []
    for show in coming:
        plan = plans[show.screen]
        has_old_seats = plan is not None and _digest(plan) != digests.get(show.pk)
        one = _compared(show, plan if has_old_seats else None, show.pk in booked, following)
        if one.has_old_times or one.plan:
            found.append(one)
    return found


def digest(found: Iterable[Outdated]) -> str:
    """A hash of the changes and problems that the page lists. The page posts it back, so nothing is
    changed if the list is not the one that staff saw."""
    said = [
        (one.show.pk, f"{one.busy_until}", one.plan and _digest(one.plan), *one.problems)
        for one in found
    ]
    return salted_hmac("shows.recomputing", json.dumps(said)).hexdigest()


def recompute(*, by: User, found: Iterable[Outdated]) -> list[Show]:
    """Give these shows the times and seats they would get now. Returns the shows that changed.

    Each show has its own transaction, so that buyers of one don't wait for the others. `found` may
    be out of date: a show that has begun, or was moved or cancelled, stays as it is. It keeps its
    times if another show has taken the screen, and its seats if it got a booking.

    Raises ShowBusy if the wait for a show's lock timed out; shows before it are already changed.
    """
    return [one.show for one in found if one.can_change and _recompute(by, one)]


def _recompute(by: User, one: Outdated) -> bool:
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        # No row if the show was moved or cancelled since `one` was read.
        still = Show.objects.scheduled().filter(pk=one.show.pk, starts_at=one.show.starts_at)
        show = still.select_for_update(no_key=True).first()
        if show is None or show.has_started(database_now()):
            return False
        done = []
        if one.new_times and _write_times(one):
            done.append(f"ends {one.local_ends:%H:%M}, screen free {one.local_free:%H:%M}")
        if one.new_seats and one.plan and not _booked([show]):
            _write_seats(show, one.plan)
            done.append(f"{len(one.plan)} seats of the plan as it is now")
        if done:
            what = f"Recomputed: {'; '.join(done)}."
            audit.record(by=by, about=one.show, what=what)
            transaction.on_commit(partial(seatmap.forget, show.pk))
            home_lists.forget()
    return bool(done)


def _write_times(one: Outdated) -> bool:
    """Whether the times were written. False if another show has taken the screen by now."""
    try:
        with transaction.atomic():
            Show.objects.filter(pk=one.show.pk).update(
                ends_at=one.ends_at, busy_until=one.busy_until, updated_at=Now()
            )
            write_screen_times([one.show.pk])
    except IntegrityError as error:
        if OVERLAP_CONSTRAINT not in str(error):
            raise
        return False
    return True


def _write_seats(show: Show, plan: Sequence[PlanSeat]) -> None:
    Seat.objects.filter(show=show).delete()
    insert_seats([show], plan)
    Show.objects.filter(pk=show.pk).update(
        total_seats=len(plan), available_seats=len(plan), updated_at=Now()
    )


class _Following:
    """Finds the next coming show on the same screen."""

    def __init__(self, at: datetime, screens: Iterable[Screen]) -> None:
        self._shows: dict[int, list[Show]] = {}
        shows = Show.objects.upcoming(at=at).filter(screen__in=list(screens))
        for show in shows.with_film():
            self._shows.setdefault(show.screen_id, []).append(show)

    def after(self, show: Show) -> Show | None:
        shows = self._shows.get(show.screen_id, [])
        place = bisect_right(shows, show.starts_at, key=lambda other: other.starts_at)
        return shows[place] if place < len(shows) else None


def _compared(
    show: Show, plan: Sequence[PlanSeat] | None, is_booked: bool, following: _Following
) -> Outdated:
    ends_at, busy_until = _times(show)
    other = following.after(show)
    times = seats = ""
    if other and other.starts_at < busy_until:
        times = f"{other.movie.title} begins on this screen at {other.local_start:%H:%M}."
    if plan and is_booked:
        seats = "It has bookings (those that ended count too), so it keeps its seats."
    return Outdated(show, ends_at, busy_until, plan, times, seats)


def _times(show: Show) -> tuple[datetime, datetime]:
    """The times the show would get now; its current ones if the running time is not valid."""
    try:
        return show_end(movie=show.movie, screen=show.screen, starts_at=show.starts_at)
    except ScheduleError:
        return show.ends_at, show.busy_until


def _plan(screen: Screen) -> list[PlanSeat] | None:
    try:
        return list(parse_plan(screen.seating_plan))
    except PlanError:
        return None


def _digest(plan: Sequence[PlanSeat]) -> str:
    """The same digest that SEATS_DIGESTS computes from a show's seats."""
    seats = (
        f"{s.row},{s.number},{s.seat_type},{'t' if s.is_wheelchair else 'f'},{s.x},{s.y}"
        for s in plan
    )
    return md5(";".join(seats).encode(), usedforsecurity=False).hexdigest()


def _digests(shows: Iterable[Show]) -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(SEATS_DIGESTS, [[show.pk for show in shows]])
        return dict(cursor.fetchall())


def _booked(shows: Iterable[Show]) -> set[int]:
    """Ids of the shows that have bookings, including ended ones."""
    booked = Show.objects.filter(pk__in=[show.pk for show in shows], bookings__isnull=False)
    return set(booked.order_by().values_list("pk", flat=True).distinct())

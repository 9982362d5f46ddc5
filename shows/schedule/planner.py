"""Plans many shows at once.

`preview` finds the problems of every show. `schedule` then creates all shows or none.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.utils.crypto import salted_hmac

from accounts.models import User
from bookmyshow.core.time import DAY_ENDS, comes_twice, moment_on_clock, on_business_day
from movies.models import Movie
from shows.cinema_money import refuse_fine_price
from shows.errors import PlanHasProblems, PlanHasTwoCurrencies, PlanTooLarge, ScheduleError
from shows.models import Screen, Show
from shows.seating.plan import PlanError, parse_plan
from shows.services import (
    ShowSlot,
    create_shows,
    refuse_archived,
    show_end,
    time_problem,
)

MOST_SHOWS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What staff ask for: one show on each screen, on each day, at each time. Films alternate."""

    movies: Sequence[Movie]
    screens: Sequence[Screen]
    first_day: date
    last_day: date
    #: Local times at the cinema. A time before DAY_ENDS (04:00) is on the next date.
    times: Sequence[time]
    standard_price: Decimal
    premium_price: Decimal
    format: str = "2D"
    language: str = ""

    @property
    def days(self) -> list[date]:
        length = (self.last_day - self.first_day).days
        return [self.first_day + timedelta(days=count) for count in range(length + 1)]


@dataclass(slots=True)
class PlannedShow:
    """One show of a plan.

    `wall` is the start in the cinema's local time, without a zone. `starts_at` is None if this time
    is skipped when clocks go forward. With `problems` the plan can't be scheduled; `notes` are only
    information.
    """

    movie: Movie
    screen: Screen
    wall: datetime
    starts_at: datetime | None = None
    busy_until: datetime | None = None
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def local_busy_until(self) -> datetime | None:
        if self.busy_until is None:
            return None
        return self.busy_until.astimezone(self.screen.cinema.tz)

    def describe(self) -> str:
        return f"{self.wall:%a %d %b %Y %H:%M}  {self.screen}  {self.movie.title}"


def times_between(first: time, last: time, every: timedelta) -> list[time]:
    """The start times of one day, `every` apart, from `first` to `last` at the latest.

    The day goes on past midnight and ends at DAY_ENDS. Raises ValueError if `last` is before
    `first`; staff see its text.
    """
    day = date(2000, 1, 1)
    start, end = on_business_day(day, first), on_business_day(day, last)
    if end < start:
        raise ValueError(
            f"The last start, {last:%H:%M}, is before the first, {first:%H:%M}: a day’s programme"
            f" goes on past midnight until {DAY_ENDS:%H:%M}."
        )
    count = (end - start) // every
    return [(start + every * number).time() for number in range(count + 1)]


def preview(plan: Plan, *, at: datetime) -> list[PlannedShow]:
    """Every show of the plan with its problems and notes, ordered by local start.

    Raises PlanTooLarge if there are more than MOST_SHOWS, PlanHasTwoCurrencies if the screens don't
    sell in the same currency, and PriceTooFine if it can't hold the prices.
    """
    _refuse_prices(plan)
    count = len(plan.screens) * len(plan.days) * len(plan.times)
    if count > MOST_SHOWS:
        raise PlanTooLarge(f"This plan has {count} shows; plan {MOST_SHOWS} at a time at most.")
    planned = [show for screen in plan.screens for show in _shows_on(screen, plan)]
    unreadable = {screen.pk: _plan_error(screen) for screen in plan.screens}
    for show in planned:
        _place(show, plan, at)
        if unreadable[show.screen.pk]:
            show.problems.append(unreadable[show.screen.pk])
    _find_overlaps(planned)
    planned.sort(key=lambda show: (show.wall, str(show.screen)))
    return planned


def _refuse_prices(plan: Plan) -> None:
    currencies = sorted({screen.cinema.currency for screen in plan.screens})
    if len(currencies) > 1:
        raise PlanHasTwoCurrencies(currencies)
    for currency in currencies:
        refuse_fine_price(plan.standard_price, currency)
        refuse_fine_price(plan.premium_price, currency)


def digest(plan: Plan, planned: Sequence[PlannedShow]) -> str:
    """A hash of the plan and its preview.

    The page compares it before scheduling. It differs if the plan, a film's running time or a
    screen's cleaning time was changed after the preview.
    """
    terms = [plan.format, plan.language, str(plan.standard_price), str(plan.premium_price)]
    shows = [
        (show.movie.pk, show.screen.pk, f"{show.wall}", f"{show.busy_until}") for show in planned
    ]
    return salted_hmac("shows.planning", json.dumps([terms, shows])).hexdigest()


def schedule(
    plan: Plan,
    planned: Sequence[PlannedShow],
    *,
    by: User | None,
    what: str = "Scheduled with the planner.",
) -> list[Show]:
    """Create all shows of a preview in one transaction, or none.

    If `by` is given, each show gets a line in the audit log with the text `what`. Raises
    PlanHasProblems if a show has problems. Raises ShowOverlaps or Archived if another show was
    scheduled, or a film or cinema archived, after the preview.
    """
    if problematic := sum(bool(show.problems) for show in planned):
        raise PlanHasProblems(problematic, len(planned))
    slots = [_slot(show, plan) for show in planned if show.starts_at]
    return create_shows(slots, by=by, what=what)


def _shows_on(screen: Screen, plan: Plan) -> Iterator[PlannedShow]:
    """The plan's shows on one screen. Films alternate, and each day begins with the next film."""
    for day_number, day in enumerate(plan.days):
        for number, start in enumerate(plan.times):
            movie = plan.movies[(day_number + number) % len(plan.movies)]
            yield PlannedShow(movie, screen, on_business_day(day, start))


def _place(show: PlannedShow, plan: Plan, at: datetime) -> None:
    """Set `starts_at` and `busy_until`. Add problems and notes about the times, film and cinema."""
    zone = show.screen.cinema.tz
    show.starts_at = moment_on_clock(show.wall, zone)
    if show.starts_at is None:
        show.problems.append("The clocks go forward over this time: there is no such moment.")
        return
    if comes_twice(show.wall, zone):
        show.notes.append("The clocks go back: this is the first of two such times.")
    if problem := time_problem(show.starts_at, at=at):
        show.problems.append(problem)
    try:
        refuse_archived(_slot(show, plan))
        _, show.busy_until = show_end(
            movie=show.movie, screen=show.screen, starts_at=show.starts_at
        )
    except ScheduleError as error:
        show.problems.append(error.message)
        return
    # If the clocks change, the local times are not as far apart as the moments.
    local_end = show.busy_until.astimezone(zone).replace(tzinfo=None)
    if local_end - show.wall != show.busy_until - show.starts_at:
        show.notes.append("The clocks change during this show.")
    released = show.movie.release_date
    if released and datetime.combine(released, time()) > show.wall:
        show.notes.append(f"The film is released on {released:%d %b %Y}.")


def _slot(show: PlannedShow, plan: Plan) -> ShowSlot:
    assert show.starts_at is not None
    return ShowSlot(
        show.movie,
        show.screen,
        show.starts_at,
        plan.standard_price,
        plan.premium_price,
        plan.format,
        plan.language,
    )


def _plan_error(screen: Screen) -> str:
    """The problem of a seating plan that can't be read, else ""."""
    try:
        parse_plan(screen.seating_plan)
    except PlanError as error:
        return f"{screen}'s seating plan can't be read. {error}"
    return ""


def _find_overlaps(planned: Iterable[PlannedShow]) -> None:
    """Add a problem for each overlap with an existing or a planned show. Cleaning counts too."""
    by_screen: dict[int, list[PlannedShow]] = {}
    for show in planned:
        if show.starts_at and show.busy_until:
            by_screen.setdefault(show.screen.pk, []).append(show)
    if not by_screen:
        return
    placed = [show for shows in by_screen.values() for show in shows]
    existing = _existing_shows(
        list(by_screen),
        min(show.starts_at for show in placed if show.starts_at),
        max(show.busy_until for show in placed if show.busy_until),
    )
    for screen_id, shows in by_screen.items():
        _find_overlaps_within(shows)
        for show in shows:
            others = existing.get(screen_id, ())
            show.problems += [
                _overlap_text(show, other) for other in others if _overlap(show, other)
            ]


def _find_overlaps_within(shows: list[PlannedShow]) -> None:
    """Compare each show with the earlier show whose `busy_until` is the latest. One screen only."""
    shows.sort(key=lambda show: (show.starts_at, show.movie.title))
    latest = shows[0]
    for show in shows[1:]:
        if show.starts_at and latest.busy_until and show.starts_at < latest.busy_until:
            show.problems.append(
                f"The {latest.wall:%H:%M} of this plan ({latest.movie.title}) needs the screen"
                f" until {latest.local_busy_until:%H:%M}."
            )
        if show.busy_until and latest.busy_until and show.busy_until > latest.busy_until:
            latest = show


def _existing_shows(screens: list[int], since: datetime, until: datetime) -> dict[int, list[Show]]:
    """The scheduled shows that occupy these screens between the two times, by the screen's id."""
    found: dict[int, list[Show]] = {}
    shows = Show.objects.scheduled().filter(
        screen__in=screens, starts_at__lt=until, busy_until__gt=since
    )
    for show in shows.with_film().order_by("starts_at"):
        found.setdefault(show.screen_id, []).append(show)
    return found


def _overlap(show: PlannedShow, other: Show) -> bool:
    if show.starts_at is None or show.busy_until is None:
        return False
    return show.starts_at < other.busy_until and other.starts_at < show.busy_until


def _overlap_text(show: PlannedShow, other: Show) -> str:
    until = other.busy_until.astimezone(show.screen.cinema.tz)
    return (
        f"{other.movie.title} is there from {other.local_start:%H:%M} to {until:%H:%M}"
        " (cleaning included)."
    )

"""What a plan schedules, and the problems that it is refused for."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pytest_django import DjangoAssertNumQueries

from bookmyshow.core.time import comes_twice, moment_on_clock
from shows.errors import (
    MovieNotSchedulable,
    PlanHasProblems,
    PlanHasTwoCurrencies,
    PlanTooLarge,
    PriceTooFine,
)
from shows.models import Screen, Show
from shows.schedule.forms import read_times
from shows.schedule.planner import (
    Plan,
    preview,
    schedule,
    times_between,
)
from tests.support.factories import (
    make_cinema,
    make_movie,
    make_screen,
    make_show,
)

pytestmark = pytest.mark.django_db
DAY = date(2031, 3, 7)
# A few days before the shows, because a show can be scheduled at most two years ahead.
AT = datetime(2031, 3, 1, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")


def make_plan(**values: Any) -> Plan:
    base: dict[str, Any] = {
        "movies": [make_movie()],
        "screens": [make_screen()],
        "first_day": DAY,
        "last_day": DAY,
        "times": [time(10), time(14)],
        "standard_price": Decimal(250),
        "premium_price": Decimal(400),
    }
    return Plan(**(base | values))


def scheduled(plan: Plan) -> list[Show]:
    return schedule(plan, preview(plan, at=AT), by=None)


def problems(plan: Plan) -> list[list[str]]:
    return [show.problems for show in preview(plan, at=AT)]


def notes(plan: Plan) -> list[list[str]]:
    return [show.notes for show in preview(plan, at=AT)]


def test_a_plan_makes_each_screen_each_day_each_time() -> None:
    screens = [make_screen(), make_screen()]
    plan = make_plan(screens=screens, last_day=DAY + timedelta(days=2))
    made = scheduled(plan)
    assert len(made) == Show.objects.count() == 2 * 3 * 2
    starts = {show.local_start.time() for show in made}
    assert starts == {time(10), time(14)}
    assert all(show.seats.count() == show.total_seats == 50 for show in made)


def test_several_films_take_turns_and_begin_each_day_with_another() -> None:
    films = [make_movie("One"), make_movie("Two")]
    plan = make_plan(movies=films, last_day=DAY + timedelta(days=1))
    planned = preview(plan, at=AT)
    assert [show.movie.title for show in planned] == ["One", "Two", "Two", "One"]


def test_every_overlap_with_existing_and_planned_shows_is_named() -> None:
    screen = make_screen(cleaning_minutes=20)
    movie = make_movie("Long", duration_minutes=180)
    there = make_show(
        screen=screen, movie=make_movie("There"), starts_at=datetime(2031, 3, 7, 6, 0, tzinfo=UTC)
    )
    assert there.local_start.time() == time(11, 30)
    plan = make_plan(movies=[movie], screens=[screen], times=[time(9), time(12, 15), time(12, 30)])
    first, second, third = problems(plan)
    assert first == ["There is there from 11:30 to 13:50 (cleaning included)."]
    assert second[0] == "The 09:00 of this plan (Long) needs the screen until 12:20."
    assert "There is there" in second[1]
    assert third[0] == "The 12:15 of this plan (Long) needs the screen until 15:35."


def test_a_short_show_inside_a_long_one_hides_no_later_overlap() -> None:
    long, short = make_movie("Long", duration_minutes=300), make_movie("Short", duration_minutes=10)
    plan = make_plan(movies=[long, short], times=[time(9), time(10), time(13)])
    assert [len(found) for found in problems(plan)] == [0, 1, 1]


def test_with_one_problem_nothing_is_scheduled() -> None:
    screen = make_screen()
    make_show(screen=screen, starts_at=datetime(2031, 3, 7, 5, 0, tzinfo=UTC))
    plan = make_plan(screens=[screen, make_screen()])
    with pytest.raises(PlanHasProblems, match="1 of 4 shows"):
        scheduled(plan)
    assert Show.objects.count() == 1


def test_the_hour_that_the_clocks_skip_is_a_problem_and_the_one_they_repeat_a_note() -> None:
    screen = make_screen(cinema=make_cinema(timezone="Europe/London"))
    # The times are in the night from Saturday to Sunday, when the clocks change.
    spring, autumn = date(2031, 3, 29), date(2031, 10, 25)
    (skipped,) = problems(
        make_plan(screens=[screen], first_day=spring, last_day=spring, times=[time(1, 30)])
    )
    assert "clocks go forward" in skipped[0]
    (repeated,) = notes(
        make_plan(screens=[screen], first_day=autumn, last_day=autumn, times=[time(1, 30)])
    )
    assert "first of two" in repeated[0]
    (across,) = notes(
        make_plan(screens=[screen], first_day=spring, last_day=spring, times=[time(0, 30)])
    )
    assert across == ["The clocks change during this show."]


def test_a_wall_time_is_one_moment_two_or_none() -> None:
    summer = datetime(2031, 7, 1, 12, 0)  # noqa: DTZ001
    assert moment_on_clock(summer, LONDON) == datetime(2031, 7, 1, 11, 0, tzinfo=UTC)
    assert not comes_twice(summer, LONDON)
    skipped = datetime(2031, 3, 30, 1, 30)  # noqa: DTZ001
    assert moment_on_clock(skipped, LONDON) is None
    assert not comes_twice(skipped, LONDON)
    twice = datetime(2031, 10, 26, 1, 30)  # noqa: DTZ001
    assert moment_on_clock(twice, LONDON) == datetime(2031, 10, 26, 0, 30, tzinfo=UTC)
    assert comes_twice(twice, LONDON)


def test_problems_of_film_and_screen_are_listed_for_each_show() -> None:
    endless = make_movie(duration_minutes=None)
    assert all("no running time" in found[0] for found in problems(make_plan(movies=[endless])))
    gone = make_movie(archived_at=AT)
    assert all("archived" in found[0] for found in problems(make_plan(movies=[gone])))
    broken = make_screen()
    Screen.objects.filter(pk=broken.pk).update(seating_plan="?")
    broken.refresh_from_db()
    assert all("can't be read" in found[0] for found in problems(make_plan(screens=[broken])))
    past = date(2020, 1, 1)
    assert all("past" in found[0] for found in problems(make_plan(first_day=past, last_day=past)))
    early = make_movie(release_date=date(2031, 12, 1))
    assert all("released on" in found[0] for found in notes(make_plan(movies=[early])))


def test_a_plan_that_is_too_large_is_refused_before_it_costs_anything() -> None:
    times = [time(hour, minute) for hour in range(24) for minute in range(60)]
    with pytest.raises(PlanTooLarge):
        preview(make_plan(times=times, last_day=DAY + timedelta(days=1)), at=AT)


def test_a_plan_has_prices_in_one_currency_that_can_hold_them() -> None:
    tokyo = make_screen(cinema=make_cinema(currency="JPY"))
    with pytest.raises(PlanHasTwoCurrencies, match="sell in INR and JPY, so they need a plan"):
        preview(make_plan(screens=[make_screen(), tokyo]), at=AT)
    with pytest.raises(PriceTooFine, match=r"250\.50 can't be paid in JPY"):
        preview(make_plan(screens=[tokyo], standard_price=Decimal("250.50")), at=AT)
    assert preview(make_plan(screens=[tokyo], standard_price=Decimal("250.00")), at=AT)


def test_the_cost_of_a_preview_does_not_grow_with_the_plan(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    screens = [make_screen() for _ in range(4)]
    plan = make_plan(screens=screens, last_day=DAY + timedelta(days=20))
    with django_assert_num_queries(1):
        assert len(preview(plan, at=AT)) == 4 * 21 * 2


def test_times_are_read_as_people_write_them() -> None:
    assert read_times(" 20:30, 9.05;00:15 13:00") == [
        time(9, 5),
        time(13),
        time(20, 30),
        time(0, 15),
    ]
    for text in ("25:00", "noon", "10:00 10:00", "10:7"):
        with pytest.raises(ValueError):
            read_times(text)


def test_a_spacing_goes_on_past_midnight_until_the_day_ends() -> None:
    every = timedelta(minutes=150)
    assert times_between(time(20), time(1), every) == [time(20), time(22, 30), time(1)]
    assert times_between(time(0), time(3), every) == [time(0), time(2, 30)]
    for first, last in ((time(20), time(4)), (time(1), time(20))):
        with pytest.raises(ValueError, match="is before the first"):
            times_between(first, last, every)


def test_a_time_after_midnight_is_in_the_night_that_follows_the_day() -> None:
    times = times_between(time(20), time(1), timedelta(minutes=150))
    for plan in (make_plan(times=times), make_plan(times=read_times("01:00 20:00 22:30"))):
        planned = preview(plan, at=AT)
        assert [f"{show.wall:%d %H:%M}" for show in planned] == ["07 20:00", "07 22:30", "08 01:00"]
    late = scheduled(make_plan(times=[time(1)]))[0]
    assert f"{late.local_start:%d %b %H:%M}" == "08 Mar 01:00"
    assert late.business_day == DAY


def test_a_year_typed_wrong_and_a_running_time_of_weeks_are_refused() -> None:
    far = date(2062, 3, 7)
    assert all("two years ahead" in p[0] for p in problems(make_plan(first_day=far, last_day=far)))
    long = make_movie(duration_minutes=32_767)
    assert all("32,767 minutes" in p[0] for p in problems(make_plan(movies=[long])))
    with pytest.raises(MovieNotSchedulable, match="600 at most"):
        make_show(movie=long)

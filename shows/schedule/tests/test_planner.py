import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from bookmyshow.core.time import A_DAY, comes_twice, moment_on_clock
from movies.models import Movie
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
from shows.schedule.timeline import day_of
from tests.support.admin_site import staff_client
from tests.support.clocks import zone_in_the_night, zone_on_another_day
from tests.support.factories import (
    make_booking,
    make_cinema,
    make_movie,
    make_screen,
    make_show,
    make_user,
)

pytestmark = pytest.mark.django_db
DAY = date(2031, 3, 7)
# A few days before the shows, because a show can be scheduled at most two years ahead.
AT = datetime(2031, 3, 1, tzinfo=UTC)
# For tests of pages, which use the real clock.
FIRST = timezone.now().date() + timedelta(days=60)
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


def values(movie: Movie, screen: Screen, **changed: Any) -> dict[str, Any]:
    return {
        "movies": [movie.pk],
        "screens": [screen.pk],
        "first_day": f"{FIRST}",
        "last_day": f"{FIRST + A_DAY}",
        "times": "10:00 14:00",
        "format": "2D",
        "standard_price": "250",
        "premium_price": "400",
    } | changed


def test_the_planner_previews_then_schedules_and_shows_the_day() -> None:
    client, movie, screen = staff_client(), make_movie(), make_screen()
    address = "/admin/shows/show/plan/"
    assert "Preview" in client.get(address).content.decode()
    page = client.post(address, values(movie, screen, preview="1"))
    assert "Schedule 4 shows" in page.content.decode()
    assert not Show.objects.exists()
    done = client.post(address, previewed(page, values(movie, screen)), follow=True)
    assert "4 shows scheduled on 1 screen." in done.content.decode()
    assert movie.title in done.content.decode()
    assert LogEntry.objects.count() == Show.objects.count() == 4
    again = client.post(address, values(movie, screen, preview="1")).content.decode()
    assert "4 of 4 shows can’t be scheduled" in again
    assert "Schedule 4" not in again
    by_spacing = values(
        movie, screen, times="", first_start="19:00", last_start="22:00", every="180", preview="1"
    )
    assert "Schedule 4 shows" in client.post(address, by_spacing).content.decode()


def previewed(page: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Submit the form with the button of a preview."""
    (seen,) = re.findall(r'name="previewed" value="(\w+)"', page.content.decode())
    return values | {"previewed": seen, "schedule": "1"}


def test_a_plan_without_a_preview_is_not_scheduled() -> None:
    client, movie, screen = staff_client(), make_movie(), make_screen()
    address = "/admin/shows/show/plan/"
    page = client.post(address, values(movie, screen, last_day=f"{FIRST}", preview="1"))
    assert "Schedule 2 shows" in page.content.decode()
    longer = values(movie, screen, last_day=f"{FIRST + 6 * A_DAY}")
    for changed in (
        longer,
        values(movie, screen, last_day=f"{FIRST}", times="10:00 14:05"),
        values(movie, screen, last_day=f"{FIRST}", standard_price="25"),
        values(make_movie(), screen, last_day=f"{FIRST}"),
    ):
        answer = client.post(address, previewed(page, changed))
        assert "has changed since its preview" in answer.content.decode()
        assert not Show.objects.exists()
    answer = client.post(address, previewed(page, longer))
    assert "Schedule 14 shows" in answer.content.decode()
    client.post(address, previewed(answer, longer))
    assert Show.objects.count() == 14


def test_a_running_time_that_changed_since_the_preview_needs_a_new_preview() -> None:
    client, movie, screen = staff_client(), make_movie(), make_screen()
    address = "/admin/shows/show/plan/"
    page = client.post(address, values(movie, screen, preview="1"))
    Movie.objects.filter(pk=movie.pk).update(duration_minutes=121)
    answer = client.post(address, previewed(page, values(movie, screen)))
    assert "has changed since its preview" in answer.content.decode()
    assert not Show.objects.exists()


def test_a_year_typed_wrong_and_a_running_time_of_weeks_are_refused() -> None:
    far = date(2062, 3, 7)
    assert all("two years ahead" in p[0] for p in problems(make_plan(first_day=far, last_day=far)))
    long = make_movie(duration_minutes=32_767)
    assert all("32,767 minutes" in p[0] for p in problems(make_plan(movies=[long])))
    with pytest.raises(MovieNotSchedulable, match="600 at most"):
        make_show(movie=long)


@pytest.mark.parametrize(
    "wrong",
    [
        {"times": "noon"},
        {"times": ""},
        {"last_day": f"{FIRST - A_DAY}"},
        {"movies": []},
        {"standard_price": "-1"},
        {"first_day": "soon"},
        {"times": "", "first_start": "20:00", "last_start": "05:00", "every": "150"},
    ],
)
def test_the_planner_shows_the_errors_of_the_form(wrong: dict[str, Any]) -> None:
    page = staff_client().post(
        "/admin/shows/show/plan/", values(make_movie(), make_screen(), **wrong, schedule="1")
    )
    assert page.context["form"].errors
    assert not Show.objects.exists()


def test_the_planner_begins_on_the_first_day_that_has_begun_at_no_cinema() -> None:
    zone, today = zone_on_another_day(timezone.now())
    make_cinema(timezone=zone)
    client = staff_client()
    form = client.get("/admin/shows/show/plan/").context["form"]
    tomorrow = today + A_DAY
    assert (form["first_day"].value(), form["last_day"].value()) == (tomorrow, tomorrow + 6 * A_DAY)
    make_cinema(timezone="Etc/GMT+12")
    east = make_cinema(timezone="Pacific/Kiritimati")
    form = client.get("/admin/shows/show/plan/").context["form"]
    assert form["first_day"].value() == timezone.now().astimezone(east.tz).date() + A_DAY


def test_planning_needs_its_permission(client: Client) -> None:
    assert client.get("/admin/shows/show/plan/").status_code == 302
    client.force_login(make_user(is_staff=True))
    assert client.get("/admin/shows/show/plan/").status_code == 403
    assert client.get("/admin/shows/show/day/").status_code == 403


def test_the_command_previews_refuses_and_schedules(capsys: pytest.CaptureFixture[str]) -> None:
    screen, movie = make_screen(), make_movie()
    arguments = [
        *("--film", movie.slug, "--screen", f"{screen.cinema.slug}/{screen.name}"),
        *("--from", f"{FIRST}", "--to", f"{FIRST}", "--times", "10:00,14:00"),
        *("--standard", "250", "--premium", "400"),
    ]
    call_command("schedule_shows", *arguments, "--dry-run")
    assert "2 shows would be scheduled" in capsys.readouterr().out
    assert not Show.objects.exists()
    with pytest.raises(CommandError, match="No member of staff has the email"):
        call_command("schedule_shows", *arguments, "--by", make_user("guest@example.com").email)
    planner = make_user("Planner@example.com", is_staff=True)
    call_command("schedule_shows", *arguments, "--by", "planner@EXAMPLE.com")
    assert Show.objects.count() == 2
    lines = LogEntry.objects.filter(user=planner)
    assert {line.change_message for line in lines} == {"Scheduled with a command."}
    assert {line.object_id for line in lines} == {str(show.pk) for show in Show.objects.all()}
    with pytest.raises(CommandError, match="2 of 2"):
        call_command("schedule_shows", *arguments)
    assert "cleaning included" in capsys.readouterr().out
    arguments[3] = f"{screen.cinema.slug}/nowhere"
    with pytest.raises(CommandError, match="no screen"):
        call_command("schedule_shows", *arguments)


def test_the_day_draws_every_show_with_how_full_it_is(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    screen = make_screen()
    show = make_show(screen=screen, starts_at=datetime(2031, 3, 7, 13, 30, tzinfo=UTC))
    late = make_show(screen=screen, starts_at=datetime(2031, 3, 7, 19, 0, tzinfo=UTC))
    assert late.local_start.date() == DAY + timedelta(days=1)
    make_booking(show, ["A1", "A2", "A3", "A4", "A5"])
    (lane,) = day_of(screen.cinema, DAY, at=AT).lanes
    first, second = lane.blocks
    assert (first.x, first.width, first.cleaning) == (13 * 60, 120, 15)
    assert (first.taken, first.percent, second.percent) == (5, 10, 0)
    client = staff_client()
    address = f"/admin/shows/show/day/?cinema={screen.cinema.slug}&day=2031-03-07"
    client.get(address)
    with django_assert_num_queries(5):
        page = client.get(address).content.decode()
    assert "5 of 50 seats taken" in page
    assert client.get("/admin/shows/show/day/?day=0001-01-01&cinema=x").status_code == 200


def test_after_midnight_the_day_is_that_of_the_evening() -> None:
    zone, evening = zone_in_the_night(timezone.now())
    cinema = make_cinema(timezone=zone)
    page = staff_client().get("/admin/shows/show/day/")
    assert page.context["day"] == evening
    assert page.context["timeline"].now_x is not None
    assert page.context["cinema"] == cinema


def test_a_day_of_23_hours_is_drawn_as_one() -> None:
    cinema = make_cinema(timezone="Europe/London")
    drawn = day_of(cinema, date(2031, 3, 29), at=AT)
    assert drawn.width == 23 * 60
    assert "01" not in [hour for _, hour in drawn.hours]

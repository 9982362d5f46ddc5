"""The planner's page in the admin, and its command."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from bookmyshow.core.time import A_DAY
from movies.models import Movie
from shows.models import Screen, Show
from tests.support.admin_site import staff_client
from tests.support.clocks import zone_on_another_day
from tests.support.factories import (
    make_cinema,
    make_movie,
    make_screen,
    make_user,
)

pytestmark = pytest.mark.django_db
# Pages use the real clock.
FIRST = timezone.now().date() + timedelta(days=60)


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

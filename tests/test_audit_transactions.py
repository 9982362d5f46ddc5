"""A change and its line in the audit log are one transaction: without the line, no change."""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import pytest
from django.contrib.admin.models import LogEntry
from django.db import IntegrityError
from django.db.models import Model
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import RecoveryCode, User
from accounts.two_factor import services as two_factor
from bookings.models import Booking
from bookings.show_changes.services import cancel_show, move_show
from movies.models import Movie
from movies.services import MovieFacts, create_movie, delete_movie, replace_movie
from shows import services as schedule
from shows.models import Cinema, Screen, Seat, Show
from shows.seating.services import use_imported_plan
from tests.support.factories import make_booking, make_movie, make_show

pytestmark = pytest.mark.django_db(transaction=True)
MODELS: tuple[type[Model], ...] = (
    Booking,
    Cinema,
    LogEntry,
    Movie,
    RecoveryCode,
    Screen,
    Seat,
    Show,
    TOTPDevice,
)


class World(NamedTuple):
    """The objects to change, and an author (`nobody`) whose audit line the database refuses."""

    show: Show
    sold: Show
    unshown: Movie
    staff: User
    nobody: User


@pytest.fixture
def world() -> World:
    show = make_show()
    sold = make_show(starts_at=show.starts_at + timedelta(days=1))
    make_booking(sold, ["A1"])
    staff = User.objects.create_superuser("ira@example.com", "velvet-curtain-7", name="Ira")
    TOTPDevice.objects.create(user=staff, name="app", key="00" * 20)
    return World(show, sold, make_movie("Unshown"), staff, User(pk=10**9, email="nobody@x.in"))


def schedule_another(world: World) -> object:
    show = world.show
    return schedule.create_show(
        movie=show.movie,
        screen=show.screen,
        starts_at=show.starts_at + timedelta(days=3),
        standard_price=show.standard_price,
        premium_price=show.premium_price,
        by=world.nobody,
    )


CHANGES: dict[str, Callable[[World], object]] = {
    "add a film": lambda w: create_movie(MovieFacts(title="New"), by=w.nobody),
    "replace a film": lambda w: replace_movie(w.unshown, MovieFacts(title="X"), by=w.nobody),
    "delete a film": lambda w: delete_movie(w.unshown, by=w.nobody),
    "archive a film": lambda w: schedule.archive_movie(w.unshown, by=w.nobody, at=timezone.now()),
    "restore a film": lambda w: schedule.restore_movie(w.unshown, by=w.nobody),
    "restore a cinema": lambda w: schedule.restore_cinema(w.show.screen.cinema, by=w.nobody),
    "add a show": schedule_another,
    "delete a show": lambda w: schedule.delete_show(show=w.show, by=w.nobody),
    "cancel a show": lambda w: cancel_show(by=w.nobody, show_id=w.sold.pk),
    "move a show": lambda w: move_show(
        by=w.nobody, show_id=w.sold.pk, starts_at=w.sold.starts_at + timedelta(hours=1)
    ),
    "import a plan": lambda w: use_imported_plan(screen=w.show.screen, text="A ss", by=w.nobody),
    "take an app away": lambda w: two_factor.forget_device(user=w.staff, by=w.nobody),
}


def rows() -> dict[str, list[object]]:
    return {
        model.__name__: list(model._default_manager.order_by("pk").values()) for model in MODELS
    }


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_no_change_without_its_line(change: Callable[[World], object], world: World) -> None:
    before = rows()
    with pytest.raises(IntegrityError, match="django_admin_log"):
        change(world)
    assert rows() == before


def test_a_reset_by_command_is_on_record(world: World) -> None:
    two_factor.reset(user=world.staff)
    line = LogEntry.objects.get()
    assert (line.user_id, line.object_id) == (world.staff.pk, str(world.staff.pk))
    assert "reset_two_factor" in line.change_message

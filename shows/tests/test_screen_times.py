"""Screen times are those of the scheduled shows and never overlap (docs/decisions/0029)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from bookings import services
from bookings.show_changes.services import cancel_show, move_show
from movies.models import Movie
from shows import services as show_services
from shows.errors import ShowOverlaps
from shows.models import Screen, ScreenTime, Show
from shows.schedule.recompute import outdated, recompute
from shows.services import delete_show
from tests.support.constraints import check_now, refused_by
from tests.support.factories import make_movie, make_screen, make_show, make_user
from tests.support.races import at_once, elsewhere, wait_for_waiting

pytestmark = pytest.mark.django_db

by_trigger = pytest.mark.skipif(
    django_settings.CITUS, reason="divided by show there is no trigger (docs/sharding.md)"
)

# To come, whenever the tests run: a show that has begun is not moved.
SEVEN = datetime(timezone.now().year + 1, 1, 8, 19, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIELDS = ("screen_id", "starts_at", "busy_until")


def times() -> set[tuple[Any, ...]]:
    return set(ScreenTime.objects.values_list("show_id", *FIELDS))


def of_shows() -> set[tuple[Any, ...]]:
    return set(Show.objects.scheduled().values_list("id", *FIELDS))


def run(statements: str) -> None:
    check_now()
    with connection.cursor() as cursor:
        cursor.execute(statements)


@by_trigger
def test_each_change_of_a_show_is_in_its_screen_time() -> None:
    show, other = make_show(starts_at=SEVEN), make_show(starts_at=SEVEN)
    assert len(times()) == 2
    assert times() == of_shows()
    later = {name: F(name) + HOUR for name in ("starts_at", "ends_at", "busy_until")}
    for change in (
        later,
        {"busy_until": F("busy_until") + HOUR},
        {"screen": make_screen()},
        {"status": "CANCELLED"},
        {"status": "SCHEDULED"},
    ):
        Show.objects.filter(pk=show.pk).update(**change)
        assert times() == of_shows(), change
    delete_show(show=show)
    assert times() == of_shows() == {(other.pk, *(getattr(other, name) for name in FIELDS))}


@by_trigger
def test_a_hold_and_a_sale_do_not_write_the_screen_time() -> None:
    show, buyer = make_show(), make_user()

    def version() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT ctid::text FROM shows_screentime WHERE show_id = %s", [show.pk])
            return str(cursor.fetchone()[0])

    before = version()
    held = services.hold_seats(user=buyer, show_id=show.pk, labels=["A1"])
    services.confirm_booking(user=buyer, reference=held.reference)
    assert version() == before
    Show.objects.filter(pk=show.pk).update(starts_at=F("starts_at"))
    assert version() != before


def schedule(screen: Screen, count: int) -> list[object]:
    """Schedule `count` shows on the screen for the same time, in parallel."""
    movies = [make_movie(f"Film {number}") for number in range(count)]
    return at_once(lambda n: make_show(screen=screen, movie=movies[n], starts_at=SEVEN), count)


@pytest.mark.django_db(transaction=True)
def test_a_screen_that_two_people_want_at_once_goes_to_one() -> None:
    screen = make_screen()
    with transaction.atomic():
        first = make_show(screen=screen, starts_at=SEVEN)
        making = elsewhere(lambda: make_show(screen=screen, starts_at=SEVEN + HOUR))
        wait_for_waiting(1, making.done)
    assert isinstance(making.result(timeout=120), ShowOverlaps)
    assert list(Show.objects.all()) == [first]


@pytest.mark.django_db(transaction=True)
def test_a_screen_that_is_given_back_is_free_for_who_waited() -> None:
    screen = make_screen()
    with transaction.atomic():
        make_show(screen=screen, starts_at=SEVEN)
        making = elsewhere(lambda: make_show(screen=screen, starts_at=SEVEN + HOUR))
        wait_for_waiting(1, making.done)
        transaction.set_rollback(True)
    assert [making.result(timeout=120)] == list(Show.objects.all())


@pytest.mark.django_db(transaction=True)
def test_many_who_schedule_one_screen_at_once() -> None:
    screen = make_screen()
    results = schedule(screen, 4)
    (made,) = Show.objects.all()
    assert [result for result in results if isinstance(result, Show)] == [made]
    assert times() == of_shows()


@pytest.fixture
def unwritten(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[None]:
    """Nothing writes the screen times: neither the trigger nor the statement of Citus."""
    if settings.CITUS:
        monkeypatch.setattr(show_services, "write_screen_times", lambda shows: None)
        yield
        return
    run("ALTER TABLE shows_show DISABLE TRIGGER write_screen_time")
    yield
    run("ALTER TABLE shows_show ENABLE TRIGGER write_screen_time")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("unwritten")
def test_control_if_nothing_writes_its_times_a_screen_is_given_many_times() -> None:
    schedule(make_screen(), 4)
    assert Show.objects.count() == 4


def test_without_the_trigger_the_services_write_the_screen_times(settings: Settings) -> None:
    """As on Citus (shows/screen_times.py)."""
    by = make_user(is_staff=True)
    if not settings.CITUS:
        run("ALTER TABLE shows_show DISABLE TRIGGER write_screen_time")
        settings.CITUS = True
    kept, moved, cancelled, deleted, longer = (make_show(starts_at=SEVEN) for _ in range(5))
    assert times() == of_shows()
    move_show(by=by, show_id=moved.pk, starts_at=SEVEN + HOUR)
    cancel_show(by=by, show_id=cancelled.pk)
    delete_show(show=deleted)
    Movie.objects.filter(pk=longer.movie_id).update(duration_minutes=300)
    found = outdated(Show.objects.filter(pk=longer.pk), at=timezone.now())
    assert recompute(by=by, found=found) == [longer]
    assert times() == of_shows()
    assert {row[0] for row in times()} == {kept.pk, moved.pk, longer.pk}
    with pytest.raises(ShowOverlaps):
        make_show(screen=moved.screen, starts_at=SEVEN)
    with pytest.raises(ShowOverlaps):
        move_show(by=by, show_id=make_show(screen=kept.screen).pk, starts_at=SEVEN)
    make_show(screen=cancelled.screen, starts_at=SEVEN)


MIGRATIONS = [
    import_module("shows.migrations.0008_screen_times"),
    import_module("shows.migrations.0009_no_overlap_of_screen_times"),
]


@by_trigger
def test_the_migration_of_shows_that_are_there_and_change_meanwhile() -> None:
    filling, switching = MIGRATIONS
    shows = [make_show(starts_at=SEVEN) for _ in range(4)]
    Show.objects.filter(pk=shows[0].pk).update(status="CANCELLED")
    before = times()
    run(switching.SWITCH_BACK)
    run("ALTER TABLE shows_screentime DROP CONSTRAINT screen_times_do_not_overlap")
    ScreenTime.objects.all().delete()
    with refused_by("show_no_overlap_on_screen"):
        Show.objects.filter(pk=shows[1].pk).update(screen=shows[2].screen)
    run(filling.FILL)
    assert times() == before == of_shows()
    # The release before goes on: a show is cancelled, others take their screens, one is new.
    Show.objects.filter(pk=shows[1].pk).update(status="CANCELLED")
    Show.objects.filter(pk=shows[2].pk).update(screen=shows[1].screen)
    Show.objects.filter(pk=shows[3].pk).update(screen=shows[2].screen)
    make_show(starts_at=SEVEN)
    assert times() == before != of_shows()
    run(switching.SWITCH)
    assert times() == of_shows()
    with refused_by("show_no_overlap_on_screen"):
        Show.objects.filter(pk=shows[0].pk).update(status="SCHEDULED", screen=shows[1].screen)

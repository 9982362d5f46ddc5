"""A show and its screen time that differ, by a hand in the database, are found and named."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from pytest_django import Settings

from bookings.integrity.checks import find_breaches
from bookings.integrity.schedule_rules import SCHEDULE_RULES
from shows.models import ScreenTime, Show
from shows.screen_times import write_screen_times
from tests.support.clocks import earlier
from tests.support.factories import make_screen, make_show

pytestmark = pytest.mark.django_db(transaction=True)

(RULE,) = SCHEDULE_RULES


@pytest.fixture
def show() -> Show:
    return make_show()


@pytest.fixture
def no_trigger(show: Show, settings: Settings) -> Iterator[None]:
    if settings.CITUS:  # There is none.
        yield
        return
    trigger = "ALTER TABLE shows_show {} TRIGGER write_screen_time"
    with connection.cursor() as cursor:
        cursor.execute(trigger.format("DISABLE"))
        yield
        cursor.execute(trigger.format("ENABLE"))


def found() -> str:
    (breach,) = find_breaches()
    assert breach.rule == RULE
    return breach.where


def test_shows_as_the_services_write_them_break_no_rule(show: Show) -> None:
    cancelled = make_show()
    Show.objects.filter(pk=cancelled.pk).update(status="CANCELLED")
    write_screen_times([cancelled.pk])
    assert list(find_breaches()) == []


def test_a_show_without_its_screen_time(show: Show) -> None:
    ScreenTime.objects.filter(show=show.pk).delete()
    assert found().startswith(f"show {show.pk} has screen {show.screen_id}, ")
    assert found().endswith("its screen time says nothing")


@pytest.mark.parametrize("column", ["starts_at", "busy_until", "screen"])
def test_a_screen_time_that_differs(show: Show, column: str) -> None:
    other = make_screen() if column == "screen" else earlier(column, timedelta(minutes=30))
    ScreenTime.objects.update(**{column: other})
    assert found().startswith(f"show {show.pk} has screen {show.screen_id}, ")


@pytest.mark.usefixtures("no_trigger")
def test_a_screen_kept_for_a_show_that_is_cancelled_or_gone(show: Show) -> None:
    Show.objects.filter(pk=show.pk).update(status="CANCELLED")
    assert found().startswith(f"show {show.pk} has no screen; its screen time says screen ")
    show.seats.all().delete()
    Show.objects.filter(pk=show.pk).delete()
    assert found().startswith(f"show {show.pk} has no screen; its screen time says screen ")

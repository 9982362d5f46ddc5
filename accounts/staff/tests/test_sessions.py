from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.staff.sessions import UNTIL
from tests.support.factories import make_show, make_user

pytestmark = pytest.mark.django_db
LOG_IN, STAFF_PAGE, PAGE = "/accounts/login/", "/admin/", "/accounts/profile/"
PASSWORD = "marquee lights 9"
START = datetime(2026, 3, 7, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def own_clock(settings: Settings) -> None:
    # Redis expires its copy of a session by its own clock, which a test can't change.
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"


@pytest.fixture
def staff(client: Client) -> Client:
    User.objects.create_superuser("staff@example.com", PASSWORD, name="Ira")
    with time_machine.travel(START, tick=False):
        client.post(LOG_IN, {"username": "staff@example.com", "password": PASSWORD})
    return client


def opens(client: Client, page: str, after: timedelta) -> bool:
    with time_machine.travel(START + after, tick=False):
        return client.get(page).status_code == 200


def test_staff_are_logged_out_half_an_hour_after_the_last_request(staff: Client) -> None:
    for minutes in (20, 40, 69):
        assert opens(staff, STAFF_PAGE, timedelta(minutes=minutes))
    assert not opens(staff, STAFF_PAGE, timedelta(minutes=100))
    assert not opens(staff, PAGE, timedelta(minutes=100))


def test_staff_are_logged_out_twelve_hours_after_the_log_in(staff: Client) -> None:
    for step in range(1, 36):
        assert opens(staff, PAGE, step * timedelta(minutes=20))
    assert opens(staff, STAFF_PAGE, timedelta(hours=11, minutes=59))
    assert not opens(staff, STAFF_PAGE, timedelta(hours=12, minutes=1))


def test_polls_do_not_extend_a_session(staff: Client) -> None:
    with time_machine.travel(START, tick=False):
        show = make_show()
    count = f"/door/{show.pk}/count/"
    assert opens(staff, count, timedelta(minutes=20))
    assert not opens(staff, count, timedelta(minutes=31))


def test_an_older_session_gets_its_limit_at_the_first_staff_page(staff: Client) -> None:
    with time_machine.travel(START, tick=False):
        session = staff.session
        del session[UNTIL]
        session.set_expiry(None)
        session.save()
    assert opens(staff, STAFF_PAGE, timedelta(days=2))
    assert not opens(staff, STAFF_PAGE, timedelta(days=2, minutes=31))


def test_customers_stay_logged_in(client: Client) -> None:
    make_user("asha@example.com", PASSWORD)
    with time_machine.travel(START, tick=False):
        client.post(LOG_IN, {"username": "asha@example.com", "password": PASSWORD})
    assert opens(client, PAGE, timedelta(days=13))


def test_the_settings_apply_and_a_session_is_written_once_a_minute(
    staff: Client, settings: Settings
) -> None:
    settings.STAFF_IDLE = timedelta(minutes=5)
    with time_machine.travel(START + timedelta(minutes=1), tick=False):
        staff.get(STAFF_PAGE)
        assert "sessionid" not in staff.get(STAFF_PAGE).cookies
    assert opens(staff, STAFF_PAGE, timedelta(minutes=27))
    assert opens(staff, STAFF_PAGE, timedelta(minutes=31))
    assert not opens(staff, STAFF_PAGE, timedelta(minutes=37))

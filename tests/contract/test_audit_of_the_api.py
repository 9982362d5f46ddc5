"""Changes that managers make through the API are in the audit log."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.utils import timezone

from accounts.models import User
from tests.support.api_client import ApiInProcess
from tests.support.factories import make_booking, make_movie, make_screen, make_show, make_user

FILM = {"title": "Anatomy of a Fall", "durationMinutes": 120}


@pytest.fixture
def boss(db: None) -> User:
    return make_user(is_staff=True, is_superuser=True)


def lines() -> list[tuple[int | None, int, str, str]]:
    entries = LogEntry.objects.order_by("pk")
    return [(e.user_id, e.action_flag, e.object_repr, e.change_message) for e in entries]


def test_films_are_added_replaced_and_deleted_on_record(
    quick_api: ApiInProcess, boss: User
) -> None:
    made = quick_api.post("movies", FILM, by=boss).data["id"]
    quick_api.call("PUT", f"movies/{made}", {**FILM, "title": "The Fall"}, by=boss)
    quick_api.call("DELETE", f"movies/{made}", by=boss)
    assert lines() == [
        (boss.pk, ADDITION, "Anatomy of a Fall", "Added through the API."),
        (boss.pk, CHANGE, "The Fall", "Replaced through the API."),
        (boss.pk, DELETION, "The Fall", "Deleted through the API."),
    ]
    assert {entry.object_id for entry in LogEntry.objects.all()} == {str(made)}


def test_shows_are_added_and_deleted_on_record(quick_api: ApiInProcess, boss: User) -> None:
    day = timezone.now() + timedelta(days=3)
    show = {
        "movieId": make_movie("Her").pk,
        "screenId": make_screen().pk,
        "showDate": f"{day:%Y-%m-%d}",
        "showTime": "19:00",
        "standardPrice": 250,
        "premiumPrice": 400,
    }
    made = quick_api.post("shows", show, by=boss).data["id"]
    quick_api.call("DELETE", f"shows/{made}", by=boss)
    (_, added, about, _), (_, deleted, _, _) = lines()
    assert (added, deleted) == (ADDITION, DELETION)
    assert about.startswith("Her, ")


def test_a_refused_change_is_not_in_the_audit_log(quick_api: ApiInProcess, boss: User) -> None:
    booking = make_booking(make_show(), ["A1"])
    assert quick_api.call("DELETE", f"shows/{booking.show_id}", by=boss).status == 409
    assert quick_api.call("DELETE", f"movies/{booking.show.movie_id}", by=boss).status == 409
    assert quick_api.post("movies", FILM, by=make_user()).status == 403
    assert lines() == []

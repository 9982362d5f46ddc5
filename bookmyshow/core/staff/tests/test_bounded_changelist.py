from datetime import UTC, datetime

import pytest
from django.contrib import admin
from django.contrib.admin.models import ADDITION, LogEntry
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from bookmyshow.core.staff import bounded_changelist
from bookmyshow.core.staff.bounded_changelist import BoundedPaginator, LongListAdmin, period_filter
from tests.support.admin_site import MOST_QUERIES, queries_of_list, staff_client
from tests.support.factories import make_booking, make_show, make_user

pytestmark = pytest.mark.django_db
USERS = "/admin/accounts/user/"


def test_a_list_counts_only_up_to_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_changelist, "MOST_ROWS", 4)
    client = staff_client()
    for _ in range(5):
        make_user()
    with CaptureQueriesContext(connection) as captured:
        page = client.get(USERS).content.decode()
    assert "More than 4 users" in page
    assert any("LIMIT 5" in query["sql"] and "COUNT" in query["sql"] for query in captured)
    assert not BoundedPaginator(User.objects.filter(is_staff=True), 50).is_cut


def test_an_action_on_all_rows_beyond_the_limit_does_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = staff_client()
    people = [make_user() for _ in range(3)]
    chosen = {"action": "delete_selected", "_selected_action": [people[0].pk], "select_across": "1"}
    monkeypatch.setattr(bounded_changelist, "MOST_ROWS", 2)
    page = client.post(USERS, chosen, follow=True).content.decode()
    assert "narrow the list first" in page
    monkeypatch.setattr(bounded_changelist, "MOST_ROWS", 9)
    assert "Are you sure" in client.post(USERS, chosen).content.decode()


@pytest.fixture
def lines(db: None) -> dict[datetime, LogEntry]:
    staff = make_user(is_staff=True)
    days = [(2023, 2, 28), (2024, 2, 29), (2026, 10, 31), (2026, 11, 1), (2026, 11, 2)]
    moments = [datetime(*day, 23, 59, tzinfo=UTC) for day in days]
    return {
        moment: LogEntry.objects.create(
            user=staff, action_flag=ADDITION, object_repr="x", action_time=moment
        )
        for moment in moments
    }


def offered(chosen: str = "") -> list[str]:
    request = RequestFactory().get("/", {"when": chosen} if chosen else {})
    filters = period_filter("action_time", "when")(
        request,
        {"when": [chosen]} if chosen else {},
        LogEntry,
        admin.site.get_model_admin(LogEntry),
    )
    return [value for value, _ in filters.lookup_choices]


def test_choices_are_months_then_years_and_the_parts_of_the_chosen_one(
    lines: dict[datetime, LogEntry],
) -> None:
    first = offered()
    assert first[:3] == ["2026-11", "2026-10", "2026-09"]
    assert first[11:] == ["2025-12", "2025", "2024", "2023"]
    assert "2026-11-02" in offered("2026-11")
    assert "2026-11-03" not in offered("2026-11")
    assert {"2024-12", "2024-01"} < set(offered("2024"))
    assert "2023-01" not in offered("2023")
    assert "2024-02-29" in offered("2024-02-10")


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ("2026", 3),
        ("2026-11", 2),
        ("2026-10-31", 1),
        ("2024-02-29", 1),
        ("2024", 1),
        ("2026-02-31", 5),
        ("0000", 5),
        ("9999-12-31", 5),
        ("nonsense", 5),
    ],
)
def test_a_chosen_period_filters_and_other_texts_do_not(
    lines: dict[datetime, LogEntry], chosen: str, found: int
) -> None:
    rows = staff_client().get("/admin/admin/logentry/", {"when": chosen}).context["cl"].result_list
    assert len(rows) == found


def test_an_empty_list_offers_no_times() -> None:
    assert offered() == []


@pytest.mark.parametrize("model", sorted(m._meta.label_lower for m in admin.site._registry))
def test_every_list_costs_few_queries(model: str) -> None:
    client = staff_client()
    make_booking(make_show(), ["A1"])
    name = model.replace(".", "_")
    queries_of_list(client, name)
    assert queries_of_list(client, name) < MOST_QUERIES


def test_lists_that_grow_without_end_are_long_lists() -> None:
    grown = {"admin.logentry", "accounts.user", "shows.show", "bookings.booking"}
    grown |= {"outbox.message", "archive.archivedbooking"}
    found = {
        model._meta.label_lower
        for model, its_admin in admin.site._registry.items()
        if isinstance(its_admin, LongListAdmin)
    }
    assert grown <= found


def test_lines_of_the_audit_log_are_found_by_words_and_by_author() -> None:
    asha = make_user("asha@example.com", name="Asha Rao", is_staff=True)
    ben = make_user("ben@example.com", name="Ben", is_staff=True)
    for user, about in ((asha, "Café Society, Screen-2"), (ben, "Her")):
        LogEntry.objects.create(
            user=user, action_flag=ADDITION, object_repr=about, change_message="Planned."
        )
    client: Client = staff_client()

    def found(typed: str) -> list[str]:
        rows = client.get("/admin/admin/logentry/", {"q": typed}).context["cl"].result_list
        return [entry.user.name for entry in rows]

    assert found("cafe soc") == ["Asha Rao"]
    assert found("screen-2 planned") == ["Asha Rao"]
    assert found("ben@") == ["Ben"]
    assert found("'; \\ & | ! :*") == []

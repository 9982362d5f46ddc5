"""Helpers for tests of the admin."""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User

MOST_QUERIES = 12


def staff_client() -> Client:
    client = Client()
    staff = User.objects.create_superuser("staff@example.com", name="Staff")
    client.force_login(staff)
    return client


def queries_of_list(client: Client, model: str, **conditions: str) -> int:
    """The number of queries of an admin list page, including those for session and user."""
    with CaptureQueriesContext(connection) as captured:
        response = client.get(reverse(f"admin:{model}_changelist"), conditions)
    assert response.status_code == 200
    return len(captured)


def assert_few_queries(client: Client, model: str, add_rows: Callable[[], object]) -> None:
    """Assert that a list page needs at most MOST_QUERIES, and not more for more rows."""
    add_rows()
    queries_of_list(client, model)
    before = queries_of_list(client, model)
    for _ in range(4):
        add_rows()
    assert queries_of_list(client, model) == before <= MOST_QUERIES


def errors_of(response: Any) -> dict[str, list[str]]:
    """The form's errors by field. Errors of the whole form are under `__all__`."""
    assert response.status_code == 200, "the form was accepted"
    form = response.context["adminform"].form
    return {field: list(errors) for field, errors in form.errors.items()}

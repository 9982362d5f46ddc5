from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from django.conf import settings
from django.test import Client
from pytest_django import Settings
from sentry_sdk.transport import Transport

from bookmyshow.core.observability import sentry
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db


class Reports(Transport):
    """Collects the reports instead of sending them."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Any] = []

    def capture_envelope(self, envelope: Any) -> None:
        if event := envelope.get_event():
            self.events.append(event)


@pytest.fixture
def reports() -> Iterator[Reports]:
    reports = Reports()
    sentry.start("https://key@sentry.example/1", transport=reports)
    yield reports
    sentry_sdk.get_global_scope().set_client(None)


def test_it_is_off_unless_a_dsn_is_set() -> None:
    assert settings.SENTRY_DSN == ""
    assert not sentry_sdk.get_client().is_active()


def test_an_error_report_has_the_requests_id_and_no_personal_data(
    reports: Reports, settings: Settings
) -> None:
    settings.ROOT_URLCONF = "bookmyshow.core.observability.tests.test_request_id"
    client = Client(raise_request_exception=False)
    client.force_login(make_user("asha@example.com"))
    session = client.cookies["sessionid"].value
    answer = client.post("/broken/?email=asha@example.com", {"password": "blue-kettle-42"})
    assert answer.status_code == 500
    (event,) = reports.events
    assert event["tags"]["request_id"] == answer.headers["X-Request-ID"]
    assert event["exception"]["values"][0]["type"] == "RuntimeError"
    for secret in ("asha@example.com", "blue-kettle-42", session):
        assert secret not in repr(event)
    assert "user" not in event

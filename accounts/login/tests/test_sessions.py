from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.tasks import clear_sessions
from tests.support.factories import make_user

pytestmark = pytest.mark.django_db


def test_expired_sessions_are_deleted_in_batches_and_others_stay(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "SESSIONS_AT_ONCE", 2)
    client.force_login(make_user())
    ended = timezone.now() - timedelta(seconds=1)
    for number in range(5):
        Session.objects.create(session_key=f"ended{number}", session_data="", expire_date=ended)
    assert clear_sessions() == 5
    assert Session.objects.count() == 1
    assert client.get("/accounts/profile/").status_code == 200
    assert clear_sessions() == 0

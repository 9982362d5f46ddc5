import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone

from bookings import sweep_heartbeat
from bookings.dashboard import site_warnings
from bookings.tasks import release_expired_holds
from tests.support.api_client import Api, ApiInProcess
from tests.support.deployed_site import free_port

WELL = {"database": "ok", "cache": "ok", "broker": "ok", "sweeper": "ok", "replica": "none"}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_warnings, "PING_SECONDS", 60)


def test_it_is_alive(api: Api) -> None:
    reply = api.get("health")
    assert (reply.status, reply.json) == (200, {"success": True, "message": "Server is running"})


def test_it_is_ready_while_everything_answers(api: Api) -> None:
    give_up = time.monotonic() + 120
    # On a busy machine a server may be taken for one that is down, for a moment.
    while True:
        # The last sweep must be recent.
        release_expired_holds()
        if (reply := api.get("health/ready")).data["checks"] == WELL:
            break
        assert time.monotonic() < give_up, reply.data
    assert (reply.status, reply.data) == (200, {"status": "ok", "checks": WELL})


def test_a_sweeper_that_is_late_or_was_never_seen_is_told(
    quick_api: ApiInProcess, settings: Any
) -> None:
    assert quick_api.get("health/ready").data["checks"]["sweeper"] == "late"
    two_intervals = timedelta(seconds=2 * settings.SWEEP_SECONDS)
    with time_machine.travel(timezone.now(), tick=False):
        cache.set(sweep_heartbeat.LAST_SWEEP, timezone.now() - two_intervals)
        assert quick_api.get("health/ready").data["status"] == "ok"
        cache.set(sweep_heartbeat.LAST_SWEEP, timezone.now() - two_intervals - timedelta(seconds=1))
        reply = quick_api.get("health/ready").data
    assert reply == {"status": "degraded", "checks": WELL | {"sweeper": "late"}}


def test_it_is_ready_without_cache_and_broker_and_says_so(
    quick_api: ApiInProcess, settings: Any
) -> None:
    release_expired_holds()
    settings.REDIS_URL = settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{free_port()}/0"
    reply = quick_api.get("health/ready")
    assert reply.status == 200
    assert reply.data == {
        "status": "degraded",
        "checks": WELL | {"cache": "down", "broker": "down"},
    }

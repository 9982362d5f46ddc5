"""Health checks for load balancers and monitoring: /api/health and /api/health/ready."""

from typing import Literal

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import Field

from bookings import sweep_heartbeat
from bookings.dashboard.site_warnings import redis_answers
from bookmyshow.core.api.openapi import problems
from bookmyshow.core.api.responses import answer, respond
from bookmyshow.core.api.schemas import Answer, Out
from bookmyshow.core.db.replica_state import replica_state

router = Router(tags=["Health"])


class AliveOut(Out):
    success: Literal[True] = True
    message: str = Field(examples=["Server is running"])


class ChecksOut(Out):
    database: Literal["ok"]
    cache: Literal["ok", "down"]
    broker: Literal["ok", "down"]
    sweeper: Literal["ok", "late"] = Field(
        description="Releases lapsed holds every 30 s; late after 60 s."
    )
    replica: Literal["none", "ok", "behind", "down"] = Field(
        description="A copy of the database for lists and reports; none: there is none."
    )


class ReadyOut(Out):
    status: Literal["ok", "degraded"] = Field(
        description="degraded: something is not well, and selling goes on without it."
    )
    checks: ChecksOut


@router.get("", response={200: AliveOut})
def health(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return respond(AliveOut(message="Server is running"))


@router.get("/ready", response={200: Answer[ReadyOut]}, openapi_extra=problems())
def ready(request: HttpRequest) -> HttpResponse:
    """200 while the database answers, else 503."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    # One server is both the cache and the broker.
    server = _ping(settings.REDIS_URL)
    checks = ChecksOut(
        database="ok",
        cache=server,
        broker=server,
        sweeper="late" if sweep_heartbeat.is_late() else "ok",
        replica=_replica(),
    )
    well = {checks.cache, checks.broker, checks.sweeper} == {"ok"}
    well = well and checks.replica in {"none", "ok"}
    return answer(ReadyOut(status="ok" if well else "degraded", checks=checks))


def _replica() -> Literal["none", "ok", "behind", "down"]:
    state = replica_state()
    if state is None:
        return "none"
    if not state.answers:
        return "down"
    return "behind" if state.is_behind else "ok"


def _ping(url: str) -> Literal["ok", "down"]:
    return "ok" if redis_answers(url) else "down"

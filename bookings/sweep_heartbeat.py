"""When the last sweep ran; the worker that ran it notes the time in the cache."""

from datetime import datetime

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

LAST_SWEEP = "sweeper:last"
# One sweep may be missed while beat or a worker restarts. Two in a row are a fault.
MISSED_SWEEPS = 2


def note_sweep() -> None:
    cache.set(LAST_SWEEP, timezone.now(), timeout=None)


def last_sweep() -> datetime | None:
    """The time of the last sweep; None if none is noted or the cache does not answer."""
    return cache.get(LAST_SWEEP)


def is_late() -> bool:
    """Whether no sweep ran for two intervals. Seats of lapsed holds are free even so."""
    last = last_sweep()
    if last is None:
        return True
    return (timezone.now() - last).total_seconds() > MISSED_SWEEPS * settings.SWEEP_SECONDS

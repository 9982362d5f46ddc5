"""When the sweeper last ran, as the worker that did it noted in the cache."""

from datetime import datetime

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

LAST_SWEEP = "sweeper:last"
# One sweep may be missed while beat or a worker starts again; the second is no accident.
MISSED_SWEEPS = 2


def note_sweep() -> None:
    cache.set(LAST_SWEEP, timezone.now(), timeout=None)


def last_sweep() -> datetime | None:
    """None where none was noted, or the cache doesn't answer."""
    return cache.get(LAST_SWEEP)


def is_late() -> bool:
    """No sweep for two intervals. Holds lapse without it, but nobody writes them down."""
    last = last_sweep()
    if last is None:
        return True
    return (timezone.now() - last).total_seconds() > MISSED_SWEEPS * settings.SWEEP_SECONDS

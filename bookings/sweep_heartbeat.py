"""The time of the last sweep. The worker that runs a sweep stores it in the cache.

Health checks, `doctor`, the dashboard and alerts read it.
"""

from datetime import datetime

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

LAST_SWEEP = "sweeper:last"
# Sweeps are late after this many intervals. A restart of beat or of a worker may skip one sweep.
MISSED_SWEEPS = 2


def note_sweep() -> None:
    """Store the current time as the time of the last sweep."""
    cache.set(LAST_SWEEP, timezone.now(), timeout=None)


def last_sweep() -> datetime | None:
    """The time of the last sweep. None if the cache has no time or does not answer."""
    return cache.get(LAST_SWEEP)


def is_late() -> bool:
    """Whether the last sweep was over MISSED_SWEEPS intervals ago, or its time is not known.

    Late sweeps do not block sales: seats of lapsed holds can be booked before a sweep.
    """
    last = last_sweep()
    if last is None:
        return True
    return (timezone.now() - last).total_seconds() > MISSED_SWEEPS * settings.SWEEP_SECONDS

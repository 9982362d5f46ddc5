"""Warns staff if the cache, the task queue or the sweeper is down. The site sells without them."""

import logging

from django.conf import settings
from django.utils import timezone
from django.utils.timesince import timesince

from bookings import sweep_heartbeat
from bookmyshow.core.redis_clients import UNREACHABLE, short_lived_client

log = logging.getLogger(__name__)

PING_SECONDS = 0.5


def redis_answers(url: str) -> bool:
    """Whether the Redis or Valkey server at this address answers within PING_SECONDS."""
    try:
        with short_lived_client(url, seconds=PING_SECONDS) as client:
            client.ping()
    except UNREACHABLE as error:
        log.warning("Redis does not answer: %s", error)
        return False
    return True


def current_warnings() -> list[str]:
    """Sentences for staff about the cache, the task queue and late sweeps. Empty if all work."""
    found = []
    broker = settings.CELERY_BROKER_URL
    cache_answers = redis_answers(settings.REDIS_URL)
    if not cache_answers:
        found.append("The cache does not answer: the site sells on, more slowly.")
    if not (cache_answers if broker == settings.REDIS_URL else redis_answers(broker)):
        found.append("The task queue does not answer: mails and sweeps wait until it is back.")
    elif cache_answers and sweep_heartbeat.is_late():  # The cache has the time of the last sweep.
        last = sweep_heartbeat.last_sweep()
        when = f"were last swept {timesince(last, timezone.now())} ago" if last else "aren’t swept"
        found.append(f"Lapsed holds {when}: the admin shows them as held, though they are free.")
    return found

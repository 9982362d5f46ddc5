"""Locks of several shows at once, for changes by staff. `bookings/locks.py` has those of sales."""

from django.conf import settings

from .models import Show, ShowQuerySet


def lock_shows(shows: ShowQuerySet, *, no_key: bool = True) -> list[Show]:
    """Lock these shows in the order of their ids. Returns them as they are after the wait.

    Divided by show (docs/sharding.md) each show is locked by a statement of its own: the database
    refuses a lock on several servers. Call it inside `transaction.atomic()`.
    """
    locking = shows.select_for_update(no_key=no_key, of=("self",)).order_by("pk")
    if not settings.CITUS:
        return list(locking)
    found = list(shows.order_by("pk").values_list("pk", flat=True))
    return [show for pk in found for show in locking.filter(pk=pk)]

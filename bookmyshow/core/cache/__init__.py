"""The cache. This list has every kind of value in it (docs/spec.md §7):

- film lists: `shows.listings.home_lists`, 1 h, but not longer than until the last show of one of
  their films; dropped when a film, a genre or the schedule changes
- rendered seat maps: `shows.seatmap.current`, 5 min for each version; and for 5 s a pointer to the
  current version. The pointer is dropped when a seat of the show changes, and with it
- a show's details: `shows.seatmap.show_cache`, 5 min
- the API's lists of shows: `shows.api`, 5 s; dropped when a seat, the schedule or a film changes
- a person's profile: `accounts.profile_cache`, 30 min; dropped at log-out and when it changes
- sessions: Django's `cached_db`, which stores them in the database too; dropped at log-out

Dataclasses must be marked `cacheable`, and other new types added to `serializer`; pickle is not
used. No decision uses cached values: bookings, prices and rights are always read from the database.
This package imports no app.
"""

from .serializer import cacheable
from .single_flight import Group, OwnedLock, drop_group, get_or_compute, group_key

__all__ = ["Group", "OwnedLock", "cacheable", "drop_group", "get_or_compute", "group_key"]

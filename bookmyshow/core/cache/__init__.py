"""What is kept in the cache, and how: the one place to look (docs/spec.md §7).

- film lists: `shows.listings.home_lists`, 1 h and never past the last show of a film in them;
  dropped when a film, a genre or the schedule changes
- drawn seat maps: `shows.seatmap.current`, 5 min by version, and 5 s the pointer to the current
  version; the pointer is dropped when a seat of the show changes, and with it
- a show's details: `shows.seatmap.show_cache`, 5 min
- the API's lists of shows: `shows.api`, 5 s; dropped when a seat, the schedule or a film changes
- a person's profile: `accounts.profile_cache`, 30 min; dropped at log-out and by any change of it
- sessions: Django's `cached_db`, which keeps them in the database too; dropped at log-out

A new kind of value is marked `cacheable` or listed in `packing`; nothing is pickled.

Nothing here decides anything: bookings, prices and rights are read from the database each time.
This package knows none of the apps.
"""

from .serializer import cacheable
from .single_flight import Group, drop_group, get_or_compute, group_key

__all__ = ["Group", "cacheable", "drop_group", "get_or_compute", "group_key"]

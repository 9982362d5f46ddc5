"""The cache. It has these kinds of values (docs/spec.md §7):

- film lists: `shows.listings.home_lists`, 1 h at most; they expire earlier if the last show of one
  of their films begins. Dropped when a film, a genre or the schedule changes
- rendered seat maps: `shows.seatmap.current`, 5 min for each version
- the pointer to the current version of a seat map: `shows.seatmap.current`, 5 s; dropped when the
  show or one of its seats changes
- a show's details: `shows.seatmap.show_cache`, 5 min; dropped together with the pointer
- the API's lists of shows: `shows.api`, 5 s; dropped when a seat, the schedule or a film changes
- on-sales with a waiting room, for lists: `shows.waiting_room.list_notes`, 5 s
- waiting pages, the same for everybody: `shows.waiting_room.views`, 15 s
- drawn posters: `movies.posters.views`, 7 days; the key is a hash of everything in the picture
- the slow figures of the dashboard: `bookings.dashboard.services`, 10 min
- the time of the last sweep: `bookings.sweep_heartbeat`, without an end
- a person's profile: `accounts.profile_cache`, 30 min; dropped at log-out and when it changes
- sessions: Django's `cached_db`, which stores them in the database too; dropped at log-out

To cache a dataclass, mark it `cacheable`; to cache another new type, add it to `serializer`. Pickle
is not used. No decision uses cached values: bookings, prices and rights are always read from the
database. This package imports no app.
"""

from .serializer import cacheable
from .single_flight import Group, OwnedLock, drop_group, get_or_compute, group_key

__all__ = ["Group", "OwnedLock", "cacheable", "drop_group", "get_or_compute", "group_key"]

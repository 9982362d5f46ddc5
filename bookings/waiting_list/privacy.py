"""A person's places in line: in the export of their data, and left when they are forgotten."""

from typing import Any

from accounts.models import User
from bookmyshow.core.time import database_now

from .models import Entry
from .services import leave


def places_of(user: User) -> list[dict[str, Any]]:
    """Every place in line that a person had, newest first."""
    entries = Entry.objects.filter(user=user).order_by("-pk")
    return [
        {
            "film": entry.show.movie.title,
            "cinema": entry.show.screen.cinema.name,
            "startsAt": entry.show.starts_at,
            "asked": entry.wish,
            "status": entry.get_state_display(),
            "createdAt": entry.created_at,
            "offeredAt": entry.offered_at,
            "endedAt": entry.ended_at,
        }
        for entry in entries.with_show()
    ]


def leave_all_lines(user: User) -> None:
    """Leave every line; an offer goes to the next person. Raises ShowBusy."""
    live = Entry.objects.live().filter(user=user).order_by("show")
    for entry_id in live.values_list("pk", flat=True):
        leave(user=user, entry_id=entry_id)


def end_places(user: User) -> None:
    """End places that were asked for while the person was being forgotten. Nobody is offered them.

    An offer is a hold, which ends by itself.
    """
    waiting = Entry.objects.filter(user=user, state=Entry.State.WAITING)
    waiting.update(state=Entry.State.LEFT, ended_at=database_now())

"""One show of the demo goes on sale through a waiting room, a few minutes after the first run."""

from collections.abc import Sequence
from datetime import timedelta

from accounts.models import User
from bookmyshow.core.time import database_now
from shows.models import Show
from shows.waiting_room.models import OnSale
from shows.waiting_room.services import join, schedule_sale

#: Counted from when the demo's data is complete, with a minute for the start of the site.
OPENS_IN = timedelta(minutes=5)
#: At this rate the demo's crowd is through the door two minutes after the opening.
PEOPLE_A_MINUTE = 60


def opening_show(shows: Sequence[Show]) -> Show | None:
    """The show to go on sale: the last one of the week, unless another one is on sale already."""
    if not shows or OnSale.objects.on().exists():
        return None
    return max(shows, key=lambda show: (show.starts_at, show.pk))


def put_on_sale(show: Show, *, staff: User, crowd: Sequence[User]) -> OnSale:
    """Everybody of the crowd has come in already, so that a visitor finds a line.

    Call it last: creating the other data takes minutes on a slow machine, and a visitor needs time
    to join.
    """
    now = database_now()
    sale = schedule_sale(
        by=staff,
        show=show,
        prequeue_from=now,
        opens_at=now + OPENS_IN,
        rate=PEOPLE_A_MINUTE,
        active_cap=len(crowd) + PEOPLE_A_MINUTE,
    )
    for person in crowd:
        join(sale.pk, person)
    return sale

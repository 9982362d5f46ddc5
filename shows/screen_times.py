"""Writes screen times on Citus, where no trigger does it (docs/decisions/0029-screen-times.md)."""

from collections.abc import Iterable

from django.conf import settings
from django.db import connection

# Two statements, because the shows may be on other servers than the times of their screens.
REMOVE = "DELETE FROM shows_screentime WHERE show_id = ANY(%s)"
WRITE = """
    INSERT INTO shows_screentime (show_id, screen_id, starts_at, busy_until)
    SELECT id, screen_id, starts_at, busy_until FROM shows_show
    WHERE id = ANY(%s) AND status = 'SCHEDULED'
"""


def write_screen_times(show_ids: Iterable[int]) -> None:
    """Write the screen times of these shows again, in the transaction that has changed the shows.

    Call it after every change of a show's screen, times or status. On one PostgreSQL the trigger
    has done it in the same statement, so there this does nothing. Divided by show
    (docs/sharding.md) there is no trigger. Raises IntegrityError (`show_no_overlap_on_screen`) if a
    screen is taken.
    """
    if not settings.CITUS:
        return
    shows = [*show_ids]
    with connection.cursor() as cursor:
        cursor.execute(REMOVE, [shows])
        cursor.execute(WRITE, [shows])

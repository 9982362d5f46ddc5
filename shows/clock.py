"""The database's clock, by which holds lapse and shows begin (SPEC §4.4).

The web hosts' clocks may differ from it and from one another; nothing about a booking is decided by
them.
"""

from datetime import datetime

from django.db import connection
from django.db.models import DateTimeField, Func


class DatabaseClock(Func):
    """The wall clock when the row is read; unlike now(), it moves inside a transaction."""

    function = "clock_timestamp"
    output_field = DateTimeField()


def database_now() -> datetime:
    """The wall clock at this moment; read after a lock was got, it is later than the wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    return now

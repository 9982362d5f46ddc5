"""The locks of bookings, in the order in which every function takes them (docs/spec.md §4.2).

The order is show, person, bookings, seats; rows of one table by primary key. Because all functions
use it, no deadlock can happen. Call these inside `transaction.atomic()`; a lock lasts until that
transaction ends. Read data and the clock after the lock, because older reads may be out of date.
"""

from functools import cache

from django.db import connection
from django.db.models import Q

from bookmyshow.core.db.one_trip import Statement
from bookmyshow.core.db.prepared import prepared_row, statement
from shows.models import Show

from .errors import ShowNotFound
from .models import Booking

# The first number is the class of advisory locks on persons, the second is the person's id.
LOCK_PERSON = "SELECT pg_advisory_xact_lock(1213156420, hashint8(%s::bigint))"


def lock_show(show_id: int) -> Show:
    """Lock only the show's row; returns it as it is after the wait. Raises ShowNotFound."""
    show = prepared_row(Show, lock_show_sql(), [show_id])
    if show is None:
        raise ShowNotFound
    return show


def lock_show_if_free(show_id: int) -> Show | None:
    """Lock the show's row without waiting; None if somebody else has locked it."""
    return prepared_row(Show, lock_show_sql(skip_locked=True), [show_id])


def lock_show_statement(show_id: int) -> Statement:
    """The statement of `lock_show`, to be sent together with others."""
    return Statement(lock_show_sql(), [show_id])


@cache
def lock_show_sql(*, skip_locked: bool = False) -> str:
    """SELECT … FOR NO KEY UPDATE of a show, by the ORM, with %s for its id.

    `no_key`: rows with a foreign key to the show can still be inserted. The SQL is built once,
    because building it takes longer than the database takes to answer.
    """
    shows = Show.objects.select_for_update(no_key=True, skip_locked=skip_locked)
    return statement(shows.filter(pk=0))


def lock_person(user_id: int) -> None:
    """Run decisions about one person's holds and confirmations one after the other.

    It is an advisory lock, because other transactions lock the person's row.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK_PERSON, [user_id])


def lock_person_statement(user_id: int) -> Statement:
    """The statement of `lock_person`, to be sent together with others."""
    return Statement(LOCK_PERSON, [user_id])


def lock_bookings(which: Q) -> list[Booking]:
    """Lock these bookings by primary key; returns them as they are after the wait."""
    bookings = Booking.objects.select_for_update(no_key=True).filter(which)
    return list(bookings.order_by("pk"))


def lock_booking_statement(user_id: int, reference: str) -> Statement:
    """Lock one booking of this person, to be sent together with other statements."""
    return Statement(lock_booking_sql(), [reference, user_id])


@cache
def lock_booking_sql() -> str:
    """SELECT … FOR NO KEY UPDATE of a booking, by the ORM, with %s for its reference and user."""
    bookings = Booking.objects.select_for_update(no_key=True)
    return statement(bookings.filter(reference="", user=0).order_by())

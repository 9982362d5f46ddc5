"""The locks of bookings, in the order in which every function takes them (docs/spec.md §4.2).

The order is person, show, bookings, seats. Rows of one table are locked in the order of their
primary keys. Every function keeps to this order, so two transactions can't deadlock.

The person comes first, because what is read under that lock alone needs all shows. Everything
after the show's lock needs that one show (docs/decisions/0023-keys-with-the-show.md).

Call these functions inside `transaction.atomic()`: a lock lasts until that transaction ends. Read
data and the clock after the lock; what was read before it may be out of date.
"""

from functools import cache

from django.db import connection
from django.db.models import Q

from bookmyshow.core.db.one_trip import Statement
from bookmyshow.core.db.prepared import prepared_row, statement
from shows.models import Show

from .errors import ShowNotFound
from .models import Booking

# The first number marks the advisory lock as one on a person. The second is a hash of the person's
# id: PostgreSQL takes two 32-bit numbers here, and the id has 64 bits.
LOCK_PERSON = "SELECT pg_advisory_xact_lock(1213156420, hashint8(%s::bigint))"

LOCK_PEOPLE_IF_FREE = """
    SELECT id, pg_try_advisory_xact_lock(1213156420, hashint8(id))
    FROM unnest(%s::bigint[]) AS person (id)
"""


def lock_show(show_id: int) -> Show:
    """Lock the show's row and nothing else. Returns the row as it is after the wait.

    Raises ShowNotFound.
    """
    show = prepared_row(Show, lock_show_sql(), [show_id])
    if show is None:
        raise ShowNotFound
    return show


def lock_show_if_free(show_id: int) -> Show | None:
    """Lock the show's row without waiting. None if another transaction has locked it."""
    return prepared_row(Show, lock_show_sql(skip_locked=True), [show_id])


def lock_show_statement(show_id: int) -> Statement:
    """The statement of `lock_show`, to send together with others."""
    return Statement(lock_show_sql(), [show_id])


@cache
def lock_show_sql(*, skip_locked: bool = False) -> str:
    """The SQL that locks a show's row, made by the ORM; %s stands for the show's id.

    `no_key`: other transactions can still insert rows with a foreign key to the show. The SQL is
    cached, because making it takes longer than the database takes to run it.
    """
    shows = Show.objects.select_for_update(no_key=True, skip_locked=skip_locked)
    # `statement` replaces the 0 with %s.
    return statement(shows.filter(pk=0))


def lock_person(user_id: int) -> None:
    """Lock a person, so that their holds and confirmations are checked one after the other.

    This is an advisory lock. A lock of the person's row would also wait for transactions that have
    nothing to do with bookings.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK_PERSON, [user_id])


def lock_people(*user_ids: int) -> None:
    """Lock several people, in the order of their ids."""
    for user_id in sorted(set(user_ids)):
        lock_person(user_id)


def lock_people_if_free(user_ids: list[int]) -> list[int]:
    """Lock those of these people whom no transaction has locked. Returns their ids; never waits."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_PEOPLE_IF_FREE, [user_ids])
        return [user_id for user_id, is_locked in cursor.fetchall() if is_locked]


def lock_person_statement(user_id: int) -> Statement:
    """The statement of `lock_person`, to send together with others."""
    return Statement(LOCK_PERSON, [user_id])


def lock_bookings(show_id: int, which: Q) -> list[Booking]:
    """Lock the bookings of the show that match, in the order of their primary keys.

    Returns them as they are after the wait.
    """
    bookings = Booking.objects.select_for_update(no_key=True).filter(which, show=show_id)
    return list(bookings.order_by("pk"))


def lock_booking_statement(user_id: int, show_id: int, reference: str) -> Statement:
    """The statement that locks one booking of this person, to send together with others."""
    return Statement(lock_booking_sql(), [reference, show_id, user_id])


@cache
def lock_booking_sql() -> str:
    """The SQL that locks a booking's row, made by the ORM.

    The first %s stands for the reference, the second for the show's id, the third for the user's.
    `order_by()` drops the default order: one row needs none.
    """
    bookings = Booking.objects.select_for_update(no_key=True)
    return statement(bookings.filter(reference="", show=0, user=0).order_by())

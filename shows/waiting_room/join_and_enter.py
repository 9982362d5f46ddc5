"""Joining the waiting room, and entering when one is called (docs/spec.md §24.1, §24.3)."""

from collections.abc import Sequence

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import BigIntegerField, Exists, OuterRef

from accounts.models import User
from bookmyshow.core.db.one_trip import Statement
from bookmyshow.core.db.prepared import prepared_row
from bookmyshow.core.time import database_now

from . import passes
from .errors import (
    CallLapsed,
    LogInFirst,
    NotOpenYet,
    NotYourTurn,
    NoWaitingRoom,
    OnSaleError,
    OnSaleNotFound,
    SaleClosed,
)
from .models import OnSale, Place, call_time

# A number is given in a transaction of its own, which does not wait for the disk. So the row of
# numbers is locked for a few microseconds only, and thousands can join in a second. The place is
# written later and waits for the disk. The log keeps the order, so with the place its number is on
# disk: after a crash no number is given twice. If writing the place fails, its number stays unused.
TAKE_NUMBER = """
    WITH clock AS MATERIALIZED (
        SELECT clock_timestamp() AS now, set_config('synchronous_commit', 'off', true)
    )
    UPDATE waiting_room_arrivals arrivals
    SET last = last + 1,
        early = CASE WHEN clock.now < sale.opens_at THEN last + 1 ELSE arrivals.early END
    FROM waiting_room_onsale sale CROSS JOIN clock
    WHERE arrivals.on_sale_id = %(on_sale)s::bigint AND sale.id = arrivals.on_sale_id
      AND sale.mode IN ('FIFO', 'LOTTERY') AND sale.prequeue_from <= clock.now
    RETURNING arrivals.last
"""
_COLUMNS = ", ".join(field.attname for field in Place._meta.concrete_fields)
# If the person's place has ended, it gets the new number. If it has not, nothing changes and no row
# is returned.
WRITE_PLACE = f"""
    INSERT INTO waiting_room_place AS own (on_sale_id, user_id, number, turn, joined_at, outcome)
    SELECT sale.id, %(user)s::bigint, %(number)s::int,
           CASE WHEN sale.early < %(number)s::int THEN %(number)s::int END, clock_timestamp(), ''
    FROM waiting_room_onsale sale WHERE sale.id = %(on_sale)s::bigint
    ON CONFLICT (on_sale_id, user_id) DO UPDATE
    SET number = excluded.number, turn = excluded.turn, joined_at = excluded.joined_at,
        called_at = NULL, entered_at = NULL, done_at = NULL, outcome = ''
    WHERE own.done_at IS NOT NULL
    RETURNING {_COLUMNS}
"""
ENTER = """
    UPDATE waiting_room_place place SET entered_at = coalesce(entered_at, clock_timestamp())
    FROM waiting_room_onsale sale
    WHERE place.called_at IS NOT NULL AND place.done_at IS NULL
      AND (place.entered_at IS NOT NULL
           OR place.called_at + make_interval(secs => %s) > clock_timestamp())
      AND place.id = %s AND sale.id = place.on_sale_id AND sale.mode IN ('FIFO', 'LOTTERY')
    RETURNING place.entered_at
"""
# The given on-sales in their order, with NULL for those that the person is not inside of. The next
# statements of the transaction read them as a setting. The share lock keeps the places as they are
# until the commit: the leader waits to end one, and a place that has ended gives nothing. By id, so
# that two holds never wait for each other.
INSIDE = """
    WITH inside AS MATERIALIZED (
        SELECT on_sale_id FROM waiting_room_place
        WHERE user_id = %(user)s::bigint AND on_sale_id = ANY(%(on_sales)s::bigint[])
          AND entered_at IS NOT NULL AND done_at IS NULL
        ORDER BY on_sale_id FOR SHARE
    )
    SELECT on_sales, set_config('waiting_room.inside', on_sales::text, true)
    FROM (SELECT array(SELECT inside.on_sale_id
                       FROM unnest(%(on_sales)s::bigint[])
                           WITH ORDINALITY AS given (on_sale_id, ordinal)
                       LEFT JOIN inside USING (on_sale_id) ORDER BY ordinal) AS on_sales
          OFFSET 0) found
"""


def join(on_sale_id: int, user: User) -> Place:
    """The person's place in the waiting room: the one they have, or a new one at its end.

    Call it outside of a transaction, because others wait for the number (TAKE_NUMBER). Raises
    LogInFirst (a guest), NotOpenYet, SaleClosed, NoWaitingRoom, OnSaleNotFound.
    """
    if user.is_guest:
        raise LogInFirst
    if on_sale_id > BigIntegerField.MAX_BIGINT:
        raise OnSaleNotFound  # The statement below takes no number that large.
    own = Place.objects.filter(on_sale=on_sale_id, user=user)
    place = own.first()
    if place and place.done_at is None:
        return place
    values = {"on_sale": on_sale_id, "user": user.pk}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TAKE_NUMBER, values)
        row = cursor.fetchone()
    if row is None:
        raise _why_not(on_sale_id)
    values["number"] = row[0]
    # None if another request of the same person was faster.
    return prepared_row(Place, WRITE_PLACE, values) or own.get()


def enter(place: Place) -> str:
    """The pass of a person who was called. Entering again gives the same pass.

    Raises NotYourTurn, CallLapsed, SaleClosed, NoWaitingRoom.
    """
    with connection.cursor() as cursor:
        cursor.execute(ENTER, [call_time().total_seconds(), place.pk])
        row = cursor.fetchone()
    if row is None:
        place.refresh_from_db()
        sale = place.on_sale
        if sale.mode not in {OnSale.Mode.FIFO, OnSale.Mode.LOTTERY}:
            raise _why_not(sale.pk)
        raise CallLapsed if place.called_at else NotYourTurn
    (place.entered_at,) = row
    ends_at = place.pass_ends_at
    assert ends_at
    return passes.make(place.on_sale_id, place.user_id, ends_at)


def inside_statement(user_id: int, on_sales: Sequence[int]) -> Statement:
    """The statement that says which of these on-sales the person is inside of, for their hold."""
    return Statement(INSIDE, {"user": user_id, "on_sales": list(on_sales)})


def inside_of(cursor: CursorWrapper) -> list[int | None]:
    """The on-sales in the result of `inside_statement`."""
    found, _ = cursor.fetchone()
    return list(found)


def is_inside(on_sale_id: int, user_id: int) -> bool:
    """Whether the person has entered, and their turn has not ended."""
    own = Place.objects.filter(on_sale=on_sale_id, user=user_id)
    return own.active().filter(entered_at__isnull=False).exists()


def everybody_was_called(on_sale_id: int) -> bool:
    """Whether the sale is open, and nobody waits in its room."""
    places = Place.objects.filter(on_sale=OuterRef("pk")).order_by()
    # Two conditions, because each has an index of its own.
    waits = Exists(places.filter(called_at=None, turn__isnull=False)) | Exists(
        places.filter(turn=None)
    )
    sale = OnSale.objects.admitting().filter(~waits, pk=on_sale_id, drawn_at__isnull=False)
    return sale.exists()


def place_in_line(place: Place, on_sale: OnSale) -> int | None:
    """How many people are called up to this one: 1 is the next, 0 was called. None before the draw.

    Unused numbers are counted too, so it can go down by more than one.
    """
    if place.called_at is not None:
        return 0
    turn = place.turn or on_sale.turn_of(place.number)
    return None if turn is None else max(1, turn - on_sale.called_upto)


def _why_not(on_sale_id: int) -> OnSaleError:
    """Why nobody can join or enter now."""
    sale = OnSale.objects.filter(pk=on_sale_id).first()
    if sale is None:
        return OnSaleNotFound()
    if sale.mode == OnSale.Mode.OFF:
        return NoWaitingRoom()
    if sale.mode == OnSale.Mode.CLOSED:
        return SaleClosed()
    return NotOpenYet(details={"from": sale.prequeue_from, "now": database_now()})

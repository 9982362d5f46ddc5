"""The calls of stored functions that do the work of three statements on Citus (docs/sharding.md).

Citus can't plan TAKE_FREE_SEATS, CONFIRM_HOLD and SWEEP_SHOW. The functions are in
ops/citus/4_functions.sql. The calls take the same values as the statements, and return the same
columns.
"""

from typing import Final

from django.conf import settings

TAKE_FREE_SEATS: Final = """
    SELECT {columns}, 1 FROM take_free_seats(
        %(show)s::bigint, %(user)s::bigint, %(labels)s::text[], %(reference)s::text,
        %(key)s::text, %(hash)s::text, %(held_from)s::text, %(now)s::timestamptz,
        %(expires_at)s::timestamptz, %(lasts)s::interval, %(checked)s::bool, %(needs_pass)s::bool,
        nullif(current_setting('waiting_room.inside', true), '')::bigint[],
        %(pass_ends)s::timestamptz[], %(seats_at_show)s::int, %(holds)s::int,
        %(unpaid)s::interval, %(pause)s::interval, %(seats_of_address)s::int,
        nullif(current_setting('bookings.holds_elsewhere', true), '')::int,
        nullif(current_setting('bookings.key_elsewhere', true), '')::bool)
"""
CONFIRM_HOLD: Final = """
    SELECT moment, is_confirmed FROM confirm_hold(
        %(show)s::bigint, %(user)s::bigint, %(reference)s::text, %(pay_at_cinema)s::bool,
        %(most_seats)s::int, nullif(current_setting('bookings.seats_bought', true), '')::int,
        %(starts_at)s::timestamptz, %(kind)s::text, %(priority)s::smallint)
"""
SWEEP_SHOW: Final = """
    SELECT reference, seats FROM sweep_show(%(show)s::bigint)
"""


def fitting(statement: str, call: str) -> str:
    """The SQL to run: on Citus (CITUS=on) the `call` of a stored function, else `statement`."""
    return call if settings.CITUS else statement

"""Limits against hoarding: how many seats a person, and a network address, may hold and buy.

The database checks them in the transaction of the hold or confirmation: limits at one show under
the show's lock, limits over all shows under the person's lock. One limit is counted in Redis
instead (`count_unconfirmed_seats`). Staff have no limits, because the box office buys for many
people. docs/spec.md §4.11 has the limits, docs/settings.md their settings.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any, NamedTuple

from django.conf import settings
from django.db.backends.utils import CursorWrapper
from django.http import HttpRequest
from limits import RateLimitItemPerHour, parse

from accounts.models import User
from bookmyshow.core.client_address import client_network
from bookmyshow.core.db.one_trip import Statement, one_trip
from bookmyshow.core.db.prepared import prepared_cursor
from bookmyshow.core.email_key import email_key
from bookmyshow.core.pseudonym import pseudonym
from bookmyshow.core.rate_limits import Limit, RateLimited, count_attempt

from .errors import (
    AccountNeeded,
    AddressLimit,
    BookingNotFound,
    EmailUsedOften,
    GuestDetailsMissing,
    GuestsOfAddressLimit,
    HoldPaused,
    NetworkNotConfirmed,
    TooManyHolds,
    TooManySeats,
)
from .models import Booking

# Returns one row about what one person has at other shows: the number of their holds, and whether
# they used this idempotency key there. It is read under the person's lock and before the show's,
# because it needs all shows, and everything under a show's lock needs that show alone
# (docs/decisions/0023-keys-with-the-show.md). The person's lock keeps it true until the commit. The
# statements after it, which go to the database in the same trip, read it as settings of the
# transaction.
PERSON_ELSEWHERE = """
    SELECT holds, has_used_key,
           set_config('bookings.holds_elsewhere', holds::text, true),
           set_config('bookings.key_elsewhere', has_used_key::text, true)
    FROM (
        SELECT (SELECT count(*) FROM (
                    SELECT status FROM bookings_booking
                    WHERE user_id = %(user)s::bigint AND expires_at > statement_timestamp()
                      AND show_id <> %(show)s::bigint OFFSET 0
                ) other WHERE other.status = 'PENDING') AS holds,
               EXISTS (SELECT 1 FROM bookings_booking same
                       WHERE same.user_id = %(user)s::bigint
                         AND same.idempotency_key = %(key)s::text
                         AND same.show_id <> %(show)s::bigint) AS has_used_key
        OFFSET 0
    ) elsewhere
"""
# Confirmed seats of one person at all coming shows; for CONFIRM_HOLD, in the same way.
SEATS_BOUGHT = """
    SELECT seats, set_config('bookings.seats_bought', seats::text, true)
    FROM (SELECT coalesce(sum(b.total_seats), 0)::int AS seats
          FROM bookings_booking b JOIN shows_show show ON show.id = b.show_id
          WHERE b.user_id = %(user)s::bigint AND b.status = 'CONFIRMED'
            AND show.starts_at > statement_timestamp() OFFSET 0) bought
"""
# Returns one row about one person at one show, at clock.now. `held_near` counts seats that other
# people of the address hold here.
#
# `unpaid` is how long the person kept seats of this show without buying them. A swapped hold counts
# only until the swap, so changing seats costs no extra time. An offer from the waiting list does
# not count, because nobody asked for it at that moment.
#
# Each of the reads here and in PERSON_ELSEWHERE uses one index of the person or of the show, and
# stays fast with many bookings. A condition status = 'PENDING' would let the planner choose an
# index of all holds. It could make this plan on a quiet day and keep it for an opening night. So
# `holds` checks the status outside of its subquery with OFFSET 0, and `held_near` checks held_from,
# which is empty once a hold is over. `holds` reads only bookings of the last minutes, because a
# confirmed booking keeps the expires_at of its hold.
PERSON_AT_SHOW = """
    SELECT coalesce(sum(own.total_seats) FILTER (WHERE own.status = 'CONFIRMED'), 0) AS bought,
           coalesce(sum(own.total_seats) FILTER (
               WHERE own.status = 'PENDING' AND own.expires_at > clock.now), 0) AS held,
           coalesce(sum(past.ended_at - own.created_at), interval '0') AS unpaid,
           max(past.ended_at) AS last_end,
           (SELECT coalesce(sum(near.total_seats), 0) FROM bookings_booking near
            WHERE near.show_id = %(show)s::bigint AND near.held_from = %(held_from)s::text
              AND near.held_from <> '' AND near.expires_at > clock.now
              AND near.user_id <> %(user)s::bigint) AS held_near
    FROM clock
    LEFT JOIN bookings_booking own
        ON own.user_id = %(user)s::bigint AND own.show_id = %(show)s::bigint
    LEFT JOIN LATERAL (
        SELECT CASE WHEN own.ended_reason IN ('released', 'swapped') THEN own.updated_at
                    ELSE own.expires_at END AS ended_at
        WHERE NOT own.is_offer
          AND (own.ended_reason IN ('lapsed', 'released', 'swapped')
               OR own.status = 'PENDING' AND own.expires_at <= clock.now)
    ) past ON true
    GROUP BY clock.now
"""
# The same limits as `HoldLimits.check`, for the statement that takes free seats.
WITHIN_LIMITS = """
    bought + held + cardinality(%(labels)s::text[]) <= %(seats_at_show)s::int
    AND current_setting('bookings.holds_elsewhere', true)::int < %(holds)s::int
    AND (unpaid < %(unpaid)s::interval OR last_end <= clock.now - %(pause)s::interval)
    AND (%(held_from)s::text = ''
         OR held_near + cardinality(%(labels)s::text[]) <= %(seats_of_address)s::int)
"""


#: Tickets that guests book for one address which nobody has proved.
TICKETS_TO_ADDRESS = Limit("guest-tickets", parse("10 per hour"), in_memory_fallback=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLimits:
    """The limits of a person who isn't staff."""

    #: Seats at one show, held and confirmed together.
    seats_at_show: int
    #: Live holds, at all shows together.
    holds: int
    #: How long a person may hold seats of one show without buying, and the pause after that.
    unpaid: timedelta
    pause: timedelta
    #: Seats of one show that all people of one network address hold together.
    seats_of_address: int
    is_guest: bool = False

    @classmethod
    def of(cls, user: User) -> "HoldLimits | None":
        """The limits from the settings. None for staff, who have no limits."""
        if user.is_staff:
            return None
        return cls(
            seats_at_show=settings.MAX_SEATS_PER_SHOW,
            holds=settings.MAX_HOLDS,
            unpaid=settings.UNPAID_HOLD_TIME,
            pause=settings.HOLD_PAUSE,
            # All seats on hold from the address count for both. So guests never hold more than
            # theirs, and what is left up to the higher limit is only for people with an account.
            seats_of_address=settings.MAX_GUEST_SEATS_PER_ADDRESS
            if user.is_guest
            else settings.MAX_HELD_SEATS_PER_ADDRESS,
            is_guest=user.is_guest,
        )

    def values(self) -> dict[str, Any]:
        """The parameters of WITHIN_LIMITS."""
        return {
            "seats_at_show": self.seats_at_show,
            "holds": self.holds,
            "unpaid": self.unpaid,
            "pause": self.pause,
            "seats_of_address": self.seats_of_address,
        }

    def check(
        self,
        *,
        user_id: int,
        show_id: int,
        elsewhere: "Elsewhere",
        held_from: str,
        seats: int,
        now: datetime,
    ) -> None:
        """Check a new hold of `seats` seats. It replaces the person's hold at the show, if any.

        Call it under the locks of the person and the show. `held_from` is "" if the address is not
        known. Raises TooManySeats, TooManyHolds, HoldPaused, AddressLimit.
        """
        person = _person_at_show(user_id, show_id, held_from)
        self._check_person(person, elsewhere, seats)
        if person.last_end and person.unpaid >= self.unpaid:
            wait = (person.last_end + self.pause - now).total_seconds()
            if wait > 0:
                raise HoldPaused(ceil(wait))
        if held_from and person.held_near + seats > self.seats_of_address:
            raise GuestsOfAddressLimit if self.is_guest else AddressLimit

    def check_person(
        self, *, user_id: int, show_id: int, elsewhere: "Elsewhere", seats: int
    ) -> None:
        """Check only what one person may have, for a hold that moves to this person.

        It replaces the person's hold at the show, if any. Its seats are on hold from the address
        already, and its time counts as the person's from now on. Raises TooManySeats, TooManyHolds.
        """
        self._check_person(_person_at_show(user_id, show_id, ""), elsewhere, seats)

    def _check_person(self, person: "PersonAtShow", elsewhere: "Elsewhere", seats: int) -> None:
        if person.bought + seats > self.seats_at_show:
            raise TooManySeats(self.seats_at_show, bought=person.bought)
        if elsewhere.holds >= self.holds:
            raise TooManyHolds(self.holds)


class PersonAtShow(NamedTuple):
    """A row of PERSON_AT_SHOW."""

    bought: int
    held: int
    unpaid: timedelta
    last_end: datetime | None
    held_near: int


class Elsewhere(NamedTuple):
    """A row of PERSON_ELSEWHERE."""

    holds: int
    has_used_key: bool

    @classmethod
    def of(cls, cursor: CursorWrapper) -> "Elsewhere":
        """The row of the executed `person_elsewhere_statement`."""
        holds, has_used_key, *_ = cursor.fetchone()
        return cls(holds, has_used_key)


def person_elsewhere_statement(user_id: int, show_id: int, key: str | None = None) -> Statement:
    """The statement that reads what a person has at other shows. The person must be locked."""
    return Statement(PERSON_ELSEWHERE, {"user": user_id, "show": show_id, "key": key})


def check_buyer(user: User, reference: str) -> None:
    """Whether this person may buy a hold: a guest needs details, and a site that sells to guests.

    No statement, unless something is wrong. Raises GuestDetailsMissing, AccountNeeded,
    BookingNotFound.
    """
    if not user.is_guest or (settings.GUEST_CHECKOUT and user.email):
        return
    if not Booking.objects.filter(user=user, reference=reference).exists():
        raise BookingNotFound
    raise GuestDetailsMissing if settings.GUEST_CHECKOUT else AccountNeeded


def most_seats_to_confirm(user: User) -> int | None:
    """How many confirmed seats this person may have at coming shows. None means no limit."""
    return None if user.is_staff or user.email_confirmed_at else settings.MAX_SEATS_UNCONFIRMED


def seats_bought_statement(user_id: int) -> Statement:
    """The statement that counts the seats a person has bought. The person must be locked."""
    return Statement(SEATS_BOUGHT, {"user": user_id})


def seats_bought(user: User) -> int:
    """How many confirmed seats this person has at coming shows. The person must be locked."""
    (counted,) = one_trip(seats_bought_statement(user.pk))
    seats, _ = counted.fetchone()
    return int(seats)


def count_unconfirmed_seats(request: HttpRequest, user: User, reference: str) -> None:
    """Count the seats of a purchase by a guest, or by a person whose email is not confirmed.

    The limit is per hour, for each show and network address. Without it a few new accounts of one
    network could buy a whole show. Guests count also with a proved address: one mailed link proves
    it for any number of sessions. The counts are in Redis; while it is down, there is no such
    limit. Raises NetworkNotConfirmed, EmailUsedOften.
    """
    if most_seats_to_confirm(user) is None and not user.is_guest:
        return
    holds = Booking.objects.filter(user=user, reference=reference, status=Booking.Status.PENDING)
    rate = RateLimitItemPerHour(settings.MAX_HELD_SEATS_PER_ADDRESS)
    limit = Limit("unconfirmed", rate, in_memory_fallback=False)
    for show_id, seats in holds.values_list("show_id", "total_seats"):
        try:
            count_attempt(limit, f"{show_id} {address_key(request)}", times=seats)
        except RateLimited as error:
            raise NetworkNotConfirmed(is_guest=user.is_guest) from error
        _count_mailed(user)


def _count_mailed(user: User) -> None:
    """Count a ticket that goes to an address which a guest typed. Raises EmailUsedOften.

    Anybody can type anybody's address, and each ticket is a mail.
    """
    if user.is_guest and user.email_confirmed_at is None:
        try:
            count_attempt(TICKETS_TO_ADDRESS, email_key(user.email))
        except RateLimited as error:
            raise EmailUsedOften from error


def address_key(request: HttpRequest) -> str:
    """The client's network as a keyed hash; a hold stores it until it ends."""
    return pseudonym(f"held from {client_network(request)}")[:16]


def _person_at_show(user_id: int, show_id: int, held_from: str) -> PersonAtShow:
    with prepared_cursor() as cursor:
        cursor.execute(
            f"WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now) {PERSON_AT_SHOW}",
            {"user": user_id, "show": show_id, "held_from": held_from},
        )
        return PersonAtShow(*cursor.fetchone())

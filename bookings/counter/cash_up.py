"""Cash-up: what each clerk took and handed back on a day of a cinema, and what they counted.

A cinema's day ends at 04:00 on its own clock (bookmyshow/core/time.py). Money belongs to the
cinema of the show. Amounts are minor units of the cinema's currency, which can't change once there
are bookings.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db import transaction
from django.db.models import F, Sum, Value

from accounts.models import User
from bookings.errors import ShowBusy
from bookings.locks import lock_person
from bookings.payments.models import Payment, Refund
from bookings.payments.refunds.writing import COUNTER
from bookmyshow.core.db.transactions import lock_timeout_raises
from bookmyshow.core.staff import audit
from bookmyshow.core.templatetags.formatting import minor
from bookmyshow.core.time import BusinessDay, business_day, business_day_span, database_now
from shows.models import Cinema

from .errors import DayNotBegun, DrawerCountedMeanwhile
from .models import CashUp

WAYS = ("cash", "card", "other")
CASH = "cash"


@dataclass(frozen=True, slots=True)
class Drawer:
    """One clerk's money of one day. `taken` and `back` are by way of paying."""

    day: date
    clerk: User
    taken: dict[str, int] = field(default_factory=dict)
    back: dict[str, int] = field(default_factory=dict)
    cash_up: CashUp | None = None

    @property
    def cash(self) -> int:
        """Cash taken minus cash handed back."""
        return self.taken.get(CASH, 0) - self.back.get(CASH, 0)

    @property
    def handed_back(self) -> int:
        return sum(self.back.values())

    @property
    def opening(self) -> int:
        return self.cash_up.opening if self.cash_up else 0

    @property
    def expected(self) -> int:
        """What should be in the drawer now, with the float that the clerk declared."""
        return self.opening + self.cash

    @property
    def since_count(self) -> int:
        """Cash that came in (below 0: went out) after the drawer was counted."""
        return self.expected - self.cash_up.expected if self.cash_up else 0

    @property
    def words(self) -> str:
        """How the count differs from what was expected; "" if the drawer was not counted."""
        return words(self.cash_up) if self.cash_up else ""


def drawers(*, cinema: Cinema, first: date, last: date, clerk: User | None = None) -> list[Drawer]:
    """The drawers of these days, by day and clerk; those of one clerk if `clerk` is given.

    Runs four queries, however many drawers there are.
    """
    start, end = business_day_span(first, cinema.tz)[0], business_day_span(last, cinema.tz)[1]
    zone = Value(cinema.timezone)
    taken = Payment.objects.filter(
        provider=COUNTER, order__cinema=cinema, captured_at__gte=start, captured_at__lt=end
    ).values_list(BusinessDay(zone, F("captured_at")), "taken_by", "method")
    back = Refund.objects.filter(
        payment__provider=COUNTER,
        payment__order__cinema=cinema,
        state=Refund.State.SUCCEEDED,
        ended_at__gte=start,
        ended_at__lt=end,
    ).values_list(BusinessDay(zone, F("ended_at")), "handed_back_by", "payment__method")
    counts = CashUp.objects.standing().filter(cinema=cinema, day__range=(first, last))
    if clerk:
        taken, back = taken.filter(taken_by=clerk), back.filter(handed_back_by=clerk)
        counts = counts.filter(clerk=clerk)
    return _drawers(
        taken.order_by().annotate(Sum("captured")),
        back.order_by().annotate(Sum("amount")),
        counts.select_related("by"),
    )


#: A drawer's day and the clerk's id.
Key = tuple[date, int]
#: The parts of a Key, then the way of paying and the sum.
Row = tuple[date, int, str, int]


def _drawers(taken: Iterable[Row], back: Iterable[Row], counts: Iterable[CashUp]) -> list[Drawer]:
    sums_taken, sums_back = _by_drawer(taken), _by_drawer(back)
    counted = {(count.day, count.clerk_id): count for count in counts}
    keys = sums_taken.keys() | sums_back.keys() | counted.keys()
    people = User.objects.in_bulk({clerk_id for _, clerk_id in keys})
    found = [
        Drawer(
            day=key[0],
            clerk=people[key[1]],
            taken=sums_taken.get(key, {}),
            back=sums_back.get(key, {}),
            cash_up=counted.get(key),
        )
        for key in keys
    ]
    return sorted(found, key=lambda drawer: (drawer.day, str(drawer.clerk), drawer.clerk.pk))


def _by_drawer(rows: Iterable[Row]) -> dict[Key, dict[str, int]]:
    sums: dict[Key, dict[str, int]] = {}
    for day, clerk_id, method, amount in rows:
        sums.setdefault((day, clerk_id), {})[method] = amount
    return sums


@dataclass(frozen=True, slots=True)
class Count:
    """What a person says about a drawer, in minor units.

    `replaces`: the id of the count that the person saw, or None if there was none.
    """

    opening: int
    counted: int
    note: str = ""
    replaces: int | None = None


def declare(*, by: User, cinema: Cinema, clerk: User, day: date, count: Count) -> CashUp:
    """Store what was counted in a clerk's drawer. A later count corrects the one that stands.

    The same form sent twice stores one count. Raises DayNotBegun, DrawerCountedMeanwhile (there is
    a count that the person did not see), ShowBusy.
    """
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        # One count of this clerk's drawers after the other.
        lock_person(clerk.pk)
        if day > business_day(database_now(), cinema.tz):
            raise DayNotBegun
        found = drawers(cinema=cinema, first=day, last=day, clerk=clerk)
        drawer = found[0] if found else None
        standing = drawer.cash_up if drawer else None
        if standing and _is_same(standing, by, count):
            return standing
        if count.replaces != (standing.pk if standing else None):
            raise DrawerCountedMeanwhile
        stored = CashUp.objects.create(
            cinema=cinema,
            clerk=clerk,
            day=day,
            currency=cinema.currency,
            opening=count.opening,
            expected=count.opening + (drawer.cash if drawer else 0),
            counted=count.counted,
            note=count.note,
            by=by,
            corrects=standing,
        )
        audit.record(by=by, about=stored, what=_audit_line(stored), kind=audit.ADDITION)
    return stored


def _is_same(standing: CashUp, by: User, count: Count) -> bool:
    """Whether the form that made the standing count was sent again."""
    sent = (by.pk, count.opening, count.counted, count.note, count.replaces)
    known = (standing.by_id, standing.opening, standing.counted, standing.note)
    return sent == (*known, standing.corrects_id)


def _audit_line(stored: CashUp) -> str:
    counted, expected = (minor(n, stored.currency) for n in (stored.counted, stored.expected))
    again = "Counted again" if stored.corrects_id else "Counted"
    return f"{again}: {counted} in the drawer, {expected} expected. {words(stored)}."


def words(stored: CashUp) -> str:
    """The difference in words: "Exact", "₹50 missing" or "₹50 too much"."""
    if stored.difference == 0:
        return "Exact"
    amount = minor(abs(stored.difference), stored.currency)
    return f"{amount} missing" if stored.difference < 0 else f"{amount} too much"


def together(of: list[Drawer]) -> dict[str, int]:
    """The sums of several drawers: each way of paying, `handed_back`, and `cash` without floats."""
    sums = {way: sum(drawer.taken.get(way, 0) for drawer in of) for way in WAYS}
    return {
        **{f"{way}_taken": amount for way, amount in sums.items()},
        "handed_back": sum(drawer.handed_back for drawer in of),
        "cash": sum(drawer.cash for drawer in of),
    }

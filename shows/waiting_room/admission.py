"""The draw, and who is let in when (docs/spec.md §24.2, §24.3).

Beat starts `admit_all` every second. The leader of an on-sale is the run that has locked its row;
another run skips it. So calls and ends of places are decided one after the other, and the number of
active people is exact: it never exceeds the cap.
"""

import logging
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q

from bookmyshow.core.redis_clients import UNREACHABLE, cache_client
from bookmyshow.core.staff import audit
from bookmyshow.core.time import database_now
from shows.models import Show

from .lottery import SEED_BYTES
from .models import Arrivals, OnSale, Place, PlaceQuerySet, call_time, pass_time

log = logging.getLogger(__name__)

#: After a pause of the leader, at most the people of this time are called at once.
MOST_CREDIT = timedelta(seconds=10)
TURNS_AT_ONCE = 20_000
FORGET_AFTER = timedelta(days=30)
Outcome = Place.Outcome

GIVE_TURNS = """
    UPDATE waiting_room_place place SET turn = given.turn
    FROM unnest(%s::bigint[], %s::int[]) AS given (id, turn)
    WHERE place.id = given.id AND place.turn IS NULL
"""


def admit_all() -> int:
    """Let the next people of every on-sale in; returns how many.

    An on-sale whose shows have all begun is over, also if nobody has switched it off.

    While Valkey is away nobody is let in: pages are slow then, and must serve the people who were
    let in before. Nobody loses a place, because places are in PostgreSQL.
    """
    try:
        cache_client().ping()
    except UNREACHABLE:
        log.warning("the cache server does not answer: nobody is let in from the waiting rooms")
        return 0
    now = database_now()
    due = OnSale.objects.admitting().filter(opens_at__lte=now).with_coming_shows(at=now)
    return sum(_admit(pk) for pk in due.order_by("pk").values_list("pk", flat=True))


def _admit(on_sale_id: int) -> int:
    """`admit`. An on-sale that fails does not keep the others waiting."""
    try:
        return admit(on_sale_id)
    except Exception:
        log.exception("nobody is let in to on-sale %s in this run", on_sale_id)
        return 0


def forget_old_places() -> int:
    """Delete the places of on-sales that opened FORGET_AFTER ago and have no coming show.

    The draw stays. Returns how many places were deleted.
    """
    now = database_now()
    old = OnSale.objects.filter(opens_at__lt=now - FORGET_AFTER)
    running = OnSale.objects.with_coming_shows(at=now).values("pk")
    return Place.objects.filter(on_sale__in=old.exclude(pk__in=running)).delete()[0]


@transaction.atomic
def admit(on_sale_id: int) -> int:
    """Let the next people in: as many as the rate and the cap allow. Returns how many.

    0 if another run has locked the on-sale, or it has not opened.
    """
    sales = OnSale.objects.admitting().select_for_update(no_key=True, skip_locked=True)
    sale = sales.filter(pk=on_sale_id).first()
    if sale is None:
        return 0
    now = database_now()
    if now < sale.opens_at:
        return 0
    if sale.drawn_at is None:
        _draw(sale, now)
    _give_turns(sale)
    _end_places(sale, now)
    called = _call(sale, now)
    sale.looked_at = now
    sale.save(update_fields=["called_upto", "credited_to", "looked_at"])
    return called


def _draw(sale: OnSale, now: datetime) -> None:
    """Hold the draw. Those who got a number before the opening take part; it is final."""
    # Read without a lock: people go on joining while all turns are given.
    numbers = Arrivals.objects.get(on_sale=sale.pk)
    is_lottery = sale.mode == OnSale.Mode.LOTTERY
    sale.seed = secrets.token_bytes(SEED_BYTES) if is_lottery else b""
    sale.early = numbers.early
    sale.drawn_at = now
    sale.credited_to = sale.opens_at
    sale.save(update_fields=["seed", "early", "drawn_at", "credited_to"])
    way = f"drawn with the seed {sale.seed.hex()}" if is_lottery else "in the order of arrival"
    audit.record(
        by=sale.scheduled_by,
        about=sale,
        what=f"Opened by itself. Numbers up to {sale.early} came before, turns are {way}.",
    )
    log.info(
        "on-sale %s has opened, numbers up to %s were early, turns are %s", sale.pk, sale.early, way
    )


def _give_turns(sale: OnSale) -> None:
    """Give a turn to everybody who has none.

    After the draw these are all who came before it. Later it is only a person whose place was
    being written during the draw.
    """
    waiting = list(
        Place.objects.filter(on_sale=sale, turn=None).order_by().values_list("pk", "number")
    )
    with connection.cursor() as cursor:
        # In parts, so that no statement takes as long as `statement_timeout` allows.
        for first in range(0, len(waiting), TURNS_AT_ONCE):
            part = waiting[first : first + TURNS_AT_ONCE]
            turns = [sale.turn_of(number) for _, number in part]
            cursor.execute(GIVE_TURNS, [[pk for pk, _ in part], turns])


def _end_places(sale: OnSale, now: datetime) -> None:
    """End the places of people who bought, did not come, or used up their time.

    A person enters under the lock of the same row (`places.ENTER`), so nobody enters a place that
    is ended here.
    """
    _end_bought(sale, now)
    active = Place.objects.filter(on_sale=sale).active()
    active.filter(entered_at__lte=now - pass_time()).update(done_at=now, outcome=Outcome.EXPIRED)
    active.filter(entered_at=None, called_at__lte=now - call_time()).update(
        done_at=now, outcome=Outcome.LAPSED
    )


def _end_bought(sale: OnSale, now: datetime) -> None:
    active = Place.objects.filter(on_sale=sale).active()
    entered = active.filter(entered_at__isnull=False)
    entered.filter(_has_bought(sale, entered)).update(done_at=now, outcome=Outcome.BOUGHT)


def _has_bought(sale: OnSale, entered: PlaceQuerySet) -> Q | Exists:
    """Condition: the person has bought since they entered."""
    sold = Q(on_sale=sale, bookings__status="CONFIRMED")
    if not settings.CITUS:
        own = Q(bookings__user=OuterRef("user"), bookings__confirmed_at__gte=OuterRef("entered_at"))
        return Exists(Show.objects.filter(sold & own).order_by())
    # Divided by show the places are on another server than the bookings: one statement for each.
    places = list(entered.values_list("pk", "user", "entered_at"))
    own = Q(bookings__user__in=[user for _, user, _ in places])
    sales = Show.objects.filter(sold & own).order_by("bookings__confirmed_at")
    last = dict(sales.values_list("bookings__user", "bookings__confirmed_at"))
    return Q(
        pk__in=[
            pk for pk, user, since in places if since and (at := last.get(user)) and at >= since
        ]
    )


def go_on_after(sale: OnSale, now: datetime, pause: timedelta) -> None:
    """Give everybody who is let in the time back in which the sale was closed.

    The caller has locked the on-sale. Who has bought meanwhile, as a closed sale allows, is done.
    """
    _end_bought(sale, now)
    Place.objects.filter(on_sale=sale).active().update(
        called_at=F("called_at") + pause, entered_at=F("entered_at") + pause
    )


def _call(sale: OnSale, now: datetime) -> int:
    """Call the next people; returns how many."""
    free = sale.active_cap - Place.objects.filter(on_sale=sale).active().count()
    credit = _credit(sale, now)
    line = Place.objects.filter(on_sale=sale).in_line()
    next_ones = list(line.values_list("pk", "turn")[: max(0, min(free, credit))])
    if next_ones:
        Place.objects.filter(pk__in=[pk for pk, _ in next_ones]).update(called_at=now)
        sale.called_upto = max(sale.called_upto, *(turn or 0 for _, turn in next_ones))
        assert sale.credited_to
        sale.credited_to = sale.credited_to + _time_of(sale, len(next_ones))
    return len(next_ones)


def _credit(sale: OnSale, now: datetime) -> int:
    """How many people the rate allows now.

    What was not used, because nobody waited or the cap was reached, is kept for MOST_CREDIT only:
    after a pause people don't come all at once.
    """
    assert sale.credited_to
    oldest = now - max(MOST_CREDIT, _time_of(sale, 1))
    sale.credited_to = max(sale.credited_to, oldest)
    return int((now - sale.credited_to) / _time_of(sale, 1))


def _time_of(sale: OnSale, people: int) -> timedelta:
    """How long the rate needs for this many people."""
    return timedelta(minutes=people) / sale.rate

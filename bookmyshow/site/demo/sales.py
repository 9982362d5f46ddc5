"""Sells seats of the demo's new shows in a realistic way.

Groups sit together, and the seats in the middle of the rear half are sold first. Shows in the
evening, at the weekend and in the next days sell more. A few shows are sold out, a few nearly, and
some are empty.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from accounts.models import User
from bookings.models import Booking
from bookmyshow.core.time import local_day
from shows.models import Show
from shows.seating.plan import SEAT_PITCH, PlanSeat, parse_plan

PARTY_SIZES, PARTY_WEIGHTS = (1, 2, 3, 4, 5, 6), (7, 40, 14, 27, 5, 7)
BOOKED_WITHIN = timedelta(days=3)
# The share of seats sold for a normal evening: today, tomorrow and so on.
SOLD_BY_DAY = (0.50, 0.40, 0.33, 0.28, 0.25, 0.22, 0.20)
# Of 100 shows 3 are sold out, the next 4 are nearly sold out, and the next 8 are empty.
SOLD_OUT, NEARLY_SOLD_OUT, EMPTY = 0.03, 0.07, 0.15
EVENING_HOUR, MORNING_HOUR = 17, 12
FRIDAY = 4
# The demo account's bookings of coming shows start later than this.
FIRST_VISIT_IN = timedelta(hours=20)

TAKE_SEATS = """
    UPDATE shows_seat seat SET booking_id = booking.id
    FROM bookings_booking booking CROSS JOIN LATERAL unnest(booking.seats) AS sold(label)
    WHERE booking.id = ANY(%s)
        AND seat.show_id = booking.show_id AND seat.label = sold.label
"""
COUNT_SEATS = """
    UPDATE shows_show SET available_seats = total_seats - sold.seats
    FROM (
        SELECT show_id, sum(total_seats) AS seats FROM bookings_booking
        WHERE show_id = ANY(%s) AND status = 'CONFIRMED' GROUP BY show_id
    ) sold
    WHERE sold.show_id = shows_show.id
"""


def sell(
    shows: Sequence[Show],
    *,
    popularity: dict[int, int],
    crowd: Sequence[User],
    customer: User | None,
    now: datetime,
) -> int:
    """Create bookings of new shows. Returns their number.

    No lock is needed, because the caller's transaction has created the shows and nobody else sees
    them yet. `popularity`: from 1 to 5, by the film's id. `customer`: the demo account, which gets
    a few of the bookings.
    """
    plans = {show.screen_id: parse_plan(show.screen.seating_plan) for show in shows}
    bookings = []
    for show in shows:
        rng = random.Random(f"{show.screen} {show.starts_at.isoformat()}")
        wanted = _seats_to_sell(rng, show, popularity[show.movie_id], now)
        for party in _parties(rng, plans[show.screen_id], wanted):
            ago = BOOKED_WITHIN * rng.random() + timedelta(minutes=5)
            bookings.append(_confirmed(rng.choice(crowd), show, party, now - ago))
    if customer:
        _give_some(bookings, customer, now)
    Booking.objects.bulk_create(bookings, batch_size=2_000)
    with connection.cursor() as cursor:
        # The query planner's statistics are older than the rows that this transaction has added.
        cursor.execute("ANALYZE shows_seat, bookings_booking")
        cursor.execute(TAKE_SEATS, [[booking.pk for booking in bookings]])
        cursor.execute(COUNT_SEATS, [[show.pk for show in shows]])
    return len(bookings)


def _give_some(bookings: Sequence[Booking], customer: User, now: datetime) -> None:
    """Give the customer one booking of a show that has begun and two of later shows, if any."""
    rng = random.Random("guest")
    past = [booking for booking in bookings if booking.show.starts_at <= now]
    coming = [booking for booking in bookings if booking.show.starts_at > now + FIRST_VISIT_IN]
    for some, count in ((past, 1), (coming, 2)):
        for booking in rng.sample(some, min(count, len(some))):
            booking.user = customer


def _seats_to_sell(rng: random.Random, show: Show, popularity: int, now: datetime) -> int:
    """Choose how many seats of this show are sold."""
    chance = rng.random()
    if chance < SOLD_OUT:
        return show.total_seats
    if chance < NEARLY_SOLD_OUT:
        return show.total_seats - rng.randint(2, 7)
    if chance < EMPTY:
        return 0
    start = show.local_start
    days = max((show.local_day - local_day(now, show.screen.cinema.tz)).days, 0)
    share = SOLD_BY_DAY[min(days, len(SOLD_BY_DAY) - 1)] * (0.4 + popularity / 5)
    if start.hour < MORNING_HOUR:
        share *= 0.4
    elif start.hour < EVENING_HOUR:
        share *= 0.65
    if start.weekday() >= FRIDAY:
        share *= 1.25
    return int(show.total_seats * min(share * rng.uniform(0.4, 1.3), 0.96))


def _parties(rng: random.Random, plan: Sequence[PlanSeat], wanted: int) -> Iterator[list[PlanSeat]]:
    """Groups of neighbouring seats, the best seats first, with `wanted` seats in total."""
    middle = max(seat.x for seat in plan) / 2
    back = max(seat.y for seat in plan)

    def order(seat: PlanSeat) -> float:
        # Wheelchair places come last, because only those who need one book them.
        distance = abs(seat.x - middle) / 2 + abs(seat.y - 0.7 * back)
        return distance + rng.uniform(0, 14) + (1_000 if seat.is_wheelchair else 0)

    free = {(seat.y, seat.x): seat for seat in plan}
    for anchor in sorted(plan, key=order):
        if wanted <= 0:
            return
        if (anchor.y, anchor.x) not in free:
            continue
        (size,) = rng.choices(PARTY_SIZES, PARTY_WEIGHTS)
        party = _together(free, anchor, min(size, wanted, settings.MAX_SEATS_PER_BOOKING))
        wanted -= len(party)
        yield party


def _together(free: dict[tuple[int, int], PlanSeat], anchor: PlanSeat, size: int) -> list[PlanSeat]:
    """Up to `size` free neighbouring seats including `anchor`. They are removed from `free`."""
    party = [free.pop((anchor.y, anchor.x))]
    for step in (SEAT_PITCH, -SEAT_PITCH):
        x = anchor.x + step
        while len(party) < size and (anchor.y, x) in free:
            if free[anchor.y, x].is_wheelchair != anchor.is_wheelchair:
                break
            party.append(free.pop((anchor.y, x)))
            x += step
    return sorted(party, key=lambda seat: seat.x)


def _confirmed(user: User, show: Show, party: Sequence[PlanSeat], booked_at: datetime) -> Booking:
    prices = [show.price_of(seat.seat_type) for seat in party]
    confirmed_at = booked_at + timedelta(seconds=40)
    return Booking(
        user=user,
        show=show,
        total_seats=len(party),
        total_amount=sum(prices),
        seats=[seat.label for seat in party],
        seat_prices=prices,
        status=Booking.Status.CONFIRMED,
        created_at=booked_at,
        expires_at=booked_at + timedelta(minutes=settings.BOOKING_EXPIRY_MINUTES),
        confirmed_at=confirmed_at,
        updated_at=confirmed_at,
    )

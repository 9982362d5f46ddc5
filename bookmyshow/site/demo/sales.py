"""Sells seats of the demonstration's new shows, as an audience would choose them.

Whole parties sit together; the middle of the rear half goes first; evenings and weekends are
fuller, and so are the days close by. A few shows are sold out, a few nearly, some empty.
"""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from accounts.models import User
from bookings.models import Booking
from bookmyshow.core.local_time import local_day
from shows.models import Show
from shows.seating.plan import SEAT_PITCH, PlanSeat, parse_plan

PARTY_SIZES, PARTY_WEIGHTS = (1, 2, 3, 4, 5, 6), (7, 40, 14, 27, 5, 7)
BOOKED_WITHIN = timedelta(days=3)
# The share of a hall that an ordinary evening has sold, by how many days it is away.
SOLD_BY_DAY = (0.50, 0.40, 0.33, 0.28, 0.25, 0.22, 0.20)
SOLD_OUT, NEARLY, EMPTY = 0.03, 0.07, 0.15
EVENING_HOUR, MORNING_HOUR = 17, 12
FRIDAY = 4
GUEST_ARRIVES = timedelta(hours=20)

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
    draws: dict[int, int],
    crowd: Sequence[User],
    guest: User | None,
    now: datetime,
) -> int:
    """Book seats of shows that the caller's transaction has just made, so that no lock is needed.

    `draws` has each film's draw (1 to 5) by its id; the guest gets a few of the bookings. Returns
    the number of bookings.
    """
    plans = {show.screen_id: parse_plan(show.screen.seating_plan) for show in shows}
    bookings = []
    for show in shows:
        dice = random.Random(f"{show.screen} {show.starts_at.isoformat()}")
        wanted = _tickets(dice, show, draws[show.movie_id], now)
        for party in _parties(dice, plans[show.screen_id], wanted):
            ago = BOOKED_WITHIN * dice.random() + timedelta(minutes=5)
            bookings.append(_confirmed(dice.choice(crowd), show, party, now - ago))
    if guest:
        _give_some(bookings, guest, now)
    Booking.objects.bulk_create(bookings, batch_size=2_000)
    with connection.cursor() as cursor:
        # What the planner knows is from before this transaction filled the tables.
        cursor.execute("ANALYZE shows_seat, bookings_booking")
        cursor.execute(TAKE_SEATS, [[booking.pk for booking in bookings]])
        cursor.execute(COUNT_SEATS, [[show.pk for show in shows]])
    return len(bookings)


def _give_some(bookings: Sequence[Booking], guest: User, now: datetime) -> None:
    """One visit behind the guest, where a show has begun already, and two ahead."""
    dice = random.Random("guest")
    past = [booking for booking in bookings if booking.show.starts_at <= now]
    ahead = [booking for booking in bookings if booking.show.starts_at > now + GUEST_ARRIVES]
    for some, count in ((past, 1), (ahead, 2)):
        for booking in dice.sample(some, min(count, len(some))):
            booking.user = guest


def _tickets(dice: random.Random, show: Show, draw: int, now: datetime) -> int:
    """How many seats this show has sold."""
    fate = dice.random()
    if fate < SOLD_OUT:
        return show.total_seats
    if fate < NEARLY:
        return show.total_seats - dice.randint(2, 7)
    if fate < EMPTY:
        return 0
    start = show.local_start
    days = max((show.local_day - local_day(now, show.screen.cinema.tz)).days, 0)
    share = SOLD_BY_DAY[min(days, len(SOLD_BY_DAY) - 1)] * (0.4 + draw / 5)
    if start.hour < MORNING_HOUR:
        share *= 0.4
    elif start.hour < EVENING_HOUR:
        share *= 0.65
    if start.weekday() >= FRIDAY:
        share *= 1.25
    return int(show.total_seats * min(share * dice.uniform(0.4, 1.3), 0.96))


def _parties(
    dice: random.Random, plan: Sequence[PlanSeat], wanted: int
) -> Iterator[list[PlanSeat]]:
    """Groups of neighbouring seats, best places first, until `wanted` seats are gone."""
    middle = max(seat.x for seat in plan) / 2
    back = max(seat.y for seat in plan)

    def appeal(seat: PlanSeat) -> float:
        # Wheelchair places are asked for by those who need one, so they go last.
        off = abs(seat.x - middle) / 2 + abs(seat.y - 0.7 * back)
        return off + dice.uniform(0, 14) + (1_000 if seat.is_wheelchair else 0)

    free = {(seat.y, seat.x): seat for seat in plan}
    for anchor in sorted(plan, key=appeal):
        if wanted <= 0:
            return
        if (anchor.y, anchor.x) not in free:
            continue
        (size,) = dice.choices(PARTY_SIZES, PARTY_WEIGHTS)
        party = _together(free, anchor, min(size, wanted, settings.MAX_SEATS_PER_BOOKING))
        wanted -= len(party)
        yield party


def _together(free: dict[tuple[int, int], PlanSeat], anchor: PlanSeat, size: int) -> list[PlanSeat]:
    """Up to `size` free seats side by side with the anchor among them, taken out of `free`."""
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

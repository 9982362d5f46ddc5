"""Writes orders with their lines."""

from dataclasses import asdict
from datetime import datetime

from accounts.services import lock_address
from bookings.models import Booking
from bookings.payments.models import Order, OrderLine

from .prices import Quote


def write_order(booking: Booking, quote: Quote, *, now: datetime, pay_until: datetime) -> Order:
    """Write the order of a locked booking with its lines, in the caller's transaction.

    The booking must be read with its show (`with_show`) and its user.
    """
    order = new_order(booking, quote, now=now, pay_until=pay_until)
    order.email = lock_address(booking.user_id) or ""
    order.save()
    OrderLine.objects.bulk_create(new_lines(order, quote))
    return order


def new_order(booking: Booking, quote: Quote, *, now: datetime, pay_until: datetime) -> Order:
    """The order of `write_order`, not saved yet, to save many at once."""
    show = booking.show
    screen, cinema = show.screen, show.screen.cinema
    return Order(
        user_id=booking.user_id,
        email=booking.user.email,
        booking=booking,
        booking_reference=booking.reference,
        show=show,
        film=show.movie.title,
        cinema=cinema,
        cinema_name=cinema.name,
        screen_name=screen.name,
        starts_at=show.starts_at,
        time_zone=cinema.timezone,
        seats=booking.seats,
        currency=quote.currency,
        total=quote.total,
        policy=quote.policy,
        pay_until=pay_until,
        created_at=now,
        updated_at=now,
    )


def new_lines(order: Order, quote: Quote) -> list[OrderLine]:
    """The lines of a saved order, not saved yet."""
    return [
        OrderLine(show_id=order.show_id, order=order, position=position, **asdict(line))
        for position, line in enumerate(quote.lines)
    ]

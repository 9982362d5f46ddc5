"""Creates rows for tests. Tests do not change the clock: they change the times of rows."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.outbox.models import Message
from bookings import services
from bookings.models import Booking
from movies.models import Movie
from shows.models import Cinema, Screen, Show
from shows.screen_times import write_screen_times
from shows.services import create_show

from .clocks import earlier

# 5 rows of 10 seats with an aisle. Row D has wheelchair places at its ends, row E is premium.
SMALL_HALL = "\n".join([f"{row} sssss_sssss" for row in "ABC"] + ["D wssss_ssssw", "E ppppp_ppppp"])
_number = count(1)


def hall(rows: int, seats_in_row: int) -> str:
    """A plan with rows R1, R2 … of standard seats; their labels are R1-1, R1-2 …"""
    return "\n".join(f"R{row} {'s' * seats_in_row}" for row in range(1, rows + 1))


def make_user(email: str = "", password: str | None = None, **fields: Any) -> User:
    fields.setdefault("name", "Asha Rao")
    fields.setdefault("is_staff", fields.get("is_superuser", False))
    return User.objects.create_user(
        email or f"person{next(_number)}@example.com", password, **fields
    )


def make_guest(email: str = "guest@example.com", **fields: Any) -> User:
    """A guest, with the details that are given (tests.support.guests has its browser).

    With email="" the details are still missing, as right after the first hold.
    """
    guest = User.objects.create_guest()
    User.objects.filter(pk=guest.pk).update(email=email, **fields)
    guest.refresh_from_db()
    return guest


def make_movie(title: str = "Anatomy of a Fall", **fields: Any) -> Movie:
    fields.setdefault("slug", f"film-{next(_number)}")
    fields.setdefault("duration_minutes", 120)
    return Movie.objects.create(title=title, **fields)


def make_cinema(**fields: Any) -> Cinema:
    number = next(_number)
    values = {
        "name": f"Regal {number}",
        "slug": f"regal-{number}",
        "city": "Mumbai",
        "timezone": "Asia/Kolkata",
    }
    return Cinema.objects.create(**(values | fields))


def make_screen(plan: str = SMALL_HALL, **fields: Any) -> Screen:
    cinema = fields.pop("cinema", None) or make_cinema()
    fields.setdefault("name", f"Screen {next(_number)}")
    return Screen.objects.create(cinema=cinema, seating_plan=plan, **fields)


def make_show(
    plan: str = SMALL_HALL, *, starts_in: timedelta = timedelta(hours=3), **fields: Any
) -> Show:
    """A show `starts_in` from now, on a screen of its own unless one is given."""
    starts_at: datetime = fields.pop("starts_at", None) or timezone.now() + starts_in
    return create_show(
        movie=fields.pop("movie", None) or make_movie(),
        screen=fields.pop("screen", None) or make_screen(plan),
        starts_at=starts_at,
        standard_price=fields.pop("standard_price", Decimal(250)),
        premium_price=fields.pop("premium_price", Decimal(400)),
        **fields,
    )


def make_booking(show: Show, labels: Iterable[str], *, user: User | None = None) -> Booking:
    """A confirmed booking, made through the services. Its mail counts as delivered long ago: the
    outbox is as empty as before."""
    booking = make_booking_with_mail(show, labels, user=user)
    Message.objects.filter(booking=booking.pk).delete()
    return booking


def make_booking_with_mail(
    show: Show, labels: Iterable[str], *, user: User | None = None
) -> Booking:
    """A confirmed booking whose mail waits in the outbox."""
    buyer = user or make_user()
    held = services.hold_seats(user=buyer, show_id=show.pk, labels=labels)
    return services.confirm_booking(user=buyer, reference=held.reference)


def lapse(booking: Booking) -> None:
    """Move a hold into the past, so that it ran out a moment ago."""
    past = booking.expires_at - timezone.now() + timedelta(milliseconds=1)
    Booking.objects.filter(pk=booking.pk).update(
        created_at=earlier("created_at", past), expires_at=earlier("expires_at", past)
    )
    booking.refresh_from_db()


def begin(show: Show) -> None:
    """Move a show so that it began a minute ago."""
    ends_at = timezone.now() + timedelta(minutes=90)
    Show.objects.filter(pk=show.pk).update(
        starts_at=timezone.now() - timedelta(minutes=1),
        ends_at=ends_at,
        busy_until=ends_at + timedelta(minutes=15),
    )
    write_screen_times([show.pk])
    show.refresh_from_db()

"""The bookings in the export of a person's data (accounts.export)."""

from typing import Any

from accounts.models import User

from .archive.models import ArchivedBooking
from .models import Booking


def bookings_of(user: User) -> list[dict[str, Any]]:
    """All bookings of a person: first the current ones, then the archived, each newest first."""
    recent = Booking.objects.of(user).order_by("-created_at", "-pk")
    archived = ArchivedBooking.objects.of(user).order_by("-created_at", "-pk")
    bookings: list[Any] = [*recent, *archived]
    return [
        {
            "reference": booking.reference,
            "status": booking.status,
            "film": booking.show.movie.title,
            "cinema": booking.show.screen.cinema.name,
            "screen": booking.show.screen.name,
            "startsAt": booking.show.starts_at,
            "seats": [
                {"label": label, "price": price}
                for label, price in zip(booking.seats, booking.seat_prices, strict=True)
            ],
            "totalAmount": booking.total_amount,
            "currency": booking.show.currency,
            "createdAt": booking.created_at,
            "confirmedAt": booking.confirmed_at,
        }
        for booking in bookings
    ]

"""A person's own data, in a form that another program can read."""

from typing import Any

from .models import User


def account_data(user: User) -> dict[str, Any]:
    """The account and its bookings, newest first; times in UTC, money as decimal strings."""
    recent = user.bookings.with_show().order_by("-created_at", "-pk")
    archived = user.archived_bookings.with_show().order_by("-created_at", "-pk")
    bookings: list[Any] = [*recent, *archived]
    return {
        "account": {
            "email": user.email,
            "name": user.name,
            "phone": user.phone,
            "createdAt": user.created_at,
            "emailConfirmedAt": user.email_confirmed_at,
        },
        "bookings": [
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
                "createdAt": booking.created_at,
                "confirmedAt": booking.confirmed_at,
            }
            for booking in bookings
        ],
    }

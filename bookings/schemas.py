"""Bodies and answers of the API of bookings."""

from typing import Annotated, Literal

from django.conf import settings
from pydantic import Field

from bookmyshow.core.api.paging import PageQuery
from bookmyshow.core.api.schemas import BodyId, In, Line, Moment, Money, Out

from .archive.models import ArchivedBooking
from .models import Booking

Status = Literal["PENDING", "CONFIRMED", "FAILED", "CANCELLED"]


class SeatChoice(In):
    seat_number: Annotated[Line, Field(min_length=1, max_length=11)] = Field(examples=["A1"])
    seat_type: Literal["standard", "premium"] | None = Field(
        None, description="Refused where the seat is of another type."
    )


class BookingIn(In):
    show_id: BodyId
    seats: list[SeatChoice] = Field(
        min_length=1,
        max_length=settings.MAX_SEATS_PER_BOOKING,
        description="Distinct seats of the show.",
    )


class BookingQuery(PageQuery):
    status: Status | None = Field(None, description="A hold that ran out reads as FAILED.")


class BookingOut(Out):
    id: int
    booking_reference: str = Field(pattern="^BMV[0-9A-Z]{12}$", examples=["BMV7Q2MZ4T9KX0C"])
    show_id: int
    movie_title: str
    user_id: int
    seats: list[str] = Field(description="Labels in plan order.", examples=[["A1", "A2"]])
    total_seats: int
    total_amount: Money
    currency: str
    status: Status
    ended_reason: Literal["lapsed", "released", "swapped", "customer", "cinema"] | None
    created_at: Moment
    expires_at: Moment
    confirmed_at: Moment | None
    seconds_remaining: int = Field(
        ge=0, description="Seconds left to confirm a hold; 0 for anything else.", examples=[118]
    )

    @classmethod
    def of(cls, booking: Booking) -> "BookingOut":
        """The booking must come from a queryset with `with_clock` and `with_show`."""
        return cls._of(
            booking,
            status=booking.status_at(booking.now),
            ended_reason=booking.reason_at(booking.now),
            seconds_remaining=booking.seconds_remaining(booking.now),
        )

    @classmethod
    def of_archived(cls, booking: ArchivedBooking) -> "BookingOut":
        """The booking must come from a queryset with `with_show`."""
        return cls._of(
            booking,
            status=booking.status,
            ended_reason=booking.ended_reason,
            seconds_remaining=0,
        )

    @classmethod
    def _of(
        cls,
        booking: Booking | ArchivedBooking,
        *,
        status: str,
        ended_reason: str,
        seconds_remaining: int,
    ) -> "BookingOut":
        zone = booking.show.screen.cinema.tz
        confirmed_at = booking.confirmed_at
        return cls.model_validate(
            {
                "id": booking.pk,
                "booking_reference": booking.reference,
                "show_id": booking.show_id,
                "movie_title": booking.show.movie.title,
                "user_id": booking.user_id,
                "seats": booking.seats,
                "total_seats": booking.total_seats,
                "total_amount": booking.total_amount,
                "currency": booking.show.currency,
                "status": str(status),
                "ended_reason": str(ended_reason) or None,
                "created_at": booking.created_at.astimezone(zone),
                "expires_at": booking.expires_at.astimezone(zone),
                "confirmed_at": confirmed_at and confirmed_at.astimezone(zone),
                "seconds_remaining": seconds_remaining,
            }
        )

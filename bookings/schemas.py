"""Bodies and answers of the API of bookings."""

from datetime import tzinfo
from decimal import Decimal
from typing import Annotated, Literal

from django.conf import settings
from pydantic import Field

from bookmyshow.core.api.paging import PageQuery
from bookmyshow.core.api.schemas import BodyId, In, Line, Moment, Money, Out
from bookmyshow.core.currencies import from_minor

from .archive.models import ArchivedBooking
from .models import Booking
from .payments.checkout.begin import Checkout
from .payments.orders.payment_status import PaymentStatus

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
    payment_status: Literal[
        "none", "open", "paid", "unpaid", "partly_refunded", "refunded", "ended"
    ] = Field(
        description="none: nothing was paid yet; open: it is being paid online; unpaid: the money"
        " was refused after the seats were given; ended: the payment was given up.",
        examples=["paid"],
    )
    amount_due: Money = Field(
        description="What is still to be paid; 0 for a booking that is paid, free or over."
    )
    status: Status
    ended_reason: Literal["lapsed", "released", "swapped", "customer", "cinema"] | None
    created_at: Moment
    expires_at: Moment
    confirmed_at: Moment | None
    seconds_remaining: int = Field(
        ge=0, description="Seconds left to confirm a hold; 0 for anything else.", examples=[118]
    )

    @classmethod
    def of(cls, booking: Booking, money: PaymentStatus) -> "BookingOut":
        """The booking must come from a queryset with `with_clock` and `with_show`."""
        return cls._of(
            booking,
            money,
            status=booking.status_at(booking.now),
            ended_reason=booking.reason_at(booking.now),
            seconds_remaining=booking.seconds_remaining(booking.now),
        )

    @classmethod
    def of_archived(cls, booking: ArchivedBooking, money: PaymentStatus) -> "BookingOut":
        """The booking must come from a queryset with `with_show`."""
        return cls._of(
            booking,
            money,
            status=booking.status,
            ended_reason=booking.ended_reason,
            seconds_remaining=0,
        )

    @classmethod
    def _of(
        cls,
        booking: Booking | ArchivedBooking,
        money: PaymentStatus,
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
                "currency": money.currency,
                "payment_status": money.status.value,
                "amount_due": from_minor(money.amount_due, money.currency),
                "status": str(status),
                "ended_reason": str(ended_reason) or None,
                "created_at": booking.created_at.astimezone(zone),
                "expires_at": booking.expires_at.astimezone(zone),
                "confirmed_at": confirmed_at and confirmed_at.astimezone(zone),
                "seconds_remaining": seconds_remaining,
            }
        )


class CheckoutLineOut(Out):
    """A line of what is to be paid."""

    kind: Literal["seat", "fee"]
    text: str = Field(examples=["Seat A1"])
    seat: str | None = Field(description="The seat's label, for a line of kind seat.")
    quantity: int = Field(examples=[1])
    amount: Money = Field(description="For the whole quantity, with tax.")
    tax: Money = Field(description="The tax in it.")
    tax_name: str | None = Field(examples=["GST 18 %"])


class CheckoutOut(Out):
    """A payment that the buyer can make now."""

    checkout_url: str = Field(
        description="The provider's page. Open it in the buyer's browser.",
        examples=["https://checkout.stripe.com/c/pay/cs_test_1"],
    )
    checkout_form: dict[str, str] | None = Field(
        description="If given, the browser must POST these fields to `checkoutUrl`."
    )
    expires_at: Moment = Field(description="The payment is given up then, and the seats go.")
    total: Money
    currency: str
    lines: list[CheckoutLineOut]

    @classmethod
    def of(cls, checkout: Checkout, zone: tzinfo) -> "CheckoutOut":
        """Times are in the zone of the cinema."""

        def amount(minor: int) -> Decimal:
            return from_minor(minor, checkout.currency)

        return cls(
            checkout_url=checkout.url,
            checkout_form=dict(checkout.form) if checkout.form else None,
            expires_at=checkout.expires_at.astimezone(zone),
            total=amount(checkout.total),
            currency=checkout.currency,
            lines=[
                CheckoutLineOut(
                    kind="seat" if line.seat else "fee",
                    text=line.text,
                    seat=line.seat or None,
                    quantity=line.quantity,
                    amount=amount(line.gross),
                    tax=amount(line.tax),
                    tax_name=line.tax_name or None,
                )
                for line in checkout.lines
            ],
        )

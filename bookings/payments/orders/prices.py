"""What a booking costs: its lines with tax, the booking fee, and the total.

Review page, API and order all use `quote`, so they always show the same. It writes nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from bookings.models import Booking
from bookings.payments.models import OrderLine
from bookings.tax.models import TaxRule
from bookings.tax.services import rate_for, split
from bookmyshow.core.currencies import to_minor
from bookmyshow.core.time import local_day
from shows.models import Cinema, FeePer


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteLine:
    """A line of the order to be, with the fields of OrderLine. Amounts are in the minor unit."""

    kind: OrderLine.Kind
    text: str
    seat: str
    quantity: int
    unit: int
    gross: int
    net: int
    tax: int
    tax_basis_points: int
    tax_code: str
    tax_name: str
    tax_components: list[list[str | int]]


@dataclass(frozen=True, slots=True)
class Quote:
    """What a booking costs. Amounts are in the minor unit of `currency`."""

    lines: tuple[QuoteLine, ...]
    #: Seats and fee.
    total: int
    #: The booking fee in `total`; 0 at the cinema.
    fee: int
    currency: str
    #: The text of CANCELLATION_POLICY, as it would be kept with the order.
    policy: str

    @property
    def seats(self) -> int:
        """What the seats cost without the fee."""
        return self.total - self.fee

    @property
    def tax(self) -> int:
        return sum(line.tax for line in self.lines)


def quote(booking: Booking, *, online: bool = True, at: datetime | None = None) -> Quote:
    """The lines and the total of a booking, read with its show (`with_show`).

    The booking fee is charged only with `online`, and never if the seats cost nothing. The rate of
    tax is that of the day `at` at the cinema, by default of the day when the seats were held.
    """
    cinema = booking.show.screen.cinema
    lines = [
        _line(
            OrderLine.Kind.SEAT,
            f"Seat {label}",
            booking=booking,
            unit=to_minor(price, cinema.currency),
            seat=label,
            at=at,
        )
        for label, price in booking.lines
    ]
    fee, quantity = booking_fee(cinema, seats=len(lines)) if online else (0, 0)
    if fee and any(line.gross for line in lines):
        lines.append(
            _line(
                OrderLine.Kind.FEE,
                "Booking fee",
                booking=booking,
                unit=fee,
                quantity=quantity,
                at=at,
            )
        )
    return Quote(
        lines=tuple(lines),
        total=sum(line.gross for line in lines),
        fee=sum(line.gross for line in lines if line.kind == OrderLine.Kind.FEE),
        currency=cinema.currency,
        policy=settings.CANCELLATION_POLICY,
    )


def booking_fee(cinema: Cinema, *, seats: int) -> tuple[int, int]:
    """The fee for one piece in the minor unit, and how many pieces that many seats are."""
    pieces = seats if cinema.booking_fee_per == FeePer.TICKET else 1
    return to_minor(cinema.booking_fee, cinema.currency), pieces


def seats_total(booking: Booking) -> int:
    """What the seats cost at the cinema, without a fee, in the minor unit. Reads no tax rule."""
    return to_minor(booking.total_amount, booking.show.screen.cinema.currency)


def online_total(booking: Booking) -> int:
    """`quote(booking).total`, without its lines."""
    seats = seats_total(booking)
    if not seats:
        return 0
    fee, pieces = booking_fee(booking.show.screen.cinema, seats=booking.total_seats)
    return seats + fee * pieces


def _line(
    kind: OrderLine.Kind,
    text: str,
    *,
    booking: Booking,
    unit: int,
    at: datetime | None,
    seat: str = "",
    quantity: int = 1,
) -> QuoteLine:
    cinema = booking.show.screen.cinema
    tax_kind = TaxRule.Kind.TICKET if kind == OrderLine.Kind.SEAT else TaxRule.Kind.FEE
    day = local_day(at or booking.created_at, cinema.tz)
    rate = rate_for(tax_kind, unit, cinema.currency, cinema.tax_place, day)
    gross = unit * quantity
    net, tax = split(gross, rate.basis_points)
    return QuoteLine(
        kind=kind,
        text=text,
        seat=seat,
        quantity=quantity,
        unit=unit,
        gross=gross,
        net=net,
        tax=tax,
        tax_basis_points=rate.basis_points,
        tax_code=rate.code,
        tax_name=rate.name,
        tax_components=[[name, points] for name, points in rate.components],
    )

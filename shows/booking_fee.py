"""The booking fee of a cinema, and how pages show it from the first price on (docs/spec.md §3.7).

The fee is charged when a customer pays online. Where paying at the cinema is possible, pages show
prices without it and say what it adds. Where it is not, the fee can't be avoided, so every price
includes it; a fee for the whole order is said beside the price and is part of the total. Seats that
cost nothing together have no fee. What an order really costs is decided by
bookings/payments/orders/prices.py.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings

from bookmyshow.core.templatetags.formatting import money

from .models import Cinema, FeePer, Show


@dataclass(frozen=True, slots=True)
class ShownFee:
    """A fee that pages must mention. `can_be_avoided`: by paying at the cinema."""

    amount: Decimal
    per: str
    currency: str
    can_be_avoided: bool

    @property
    def is_in_prices(self) -> bool:
        return self.per == FeePer.TICKET and not self.can_be_avoided

    @property
    def words(self) -> str:
        """One sentence without a full stop, for the place beside the first prices."""
        fee = money(self.amount, self.currency)
        if self.is_in_prices:
            return f"Prices include a booking fee of {fee} a ticket"
        if self.can_be_avoided:
            what = "ticket" if self.per == FeePer.TICKET else "booking"
            return f"+ {fee} a {what} when you pay online, none at the cinema"
        return f"+ {fee} booking fee, once for all your tickets"


def shown_fee(cinema: Cinema) -> ShownFee | None:
    """The fee that pages mention; None if the cinema has none or nothing is sold online."""
    if not cinema.booking_fee or not settings.PAYMENTS:
        return None
    return ShownFee(
        cinema.booking_fee, cinema.booking_fee_per, cinema.currency, settings.PAY_AT_CINEMA
    )


@dataclass(frozen=True, slots=True)
class ShownPrices:
    """What the seats of a show cost on its pages, and the fee that the pages mention.

    `standard` and `premium` include the fee if it is in prices.
    """

    standard: Decimal
    premium: Decimal
    currency: str
    fee: ShownFee | None

    def total(self, *, standard: int, premium: int) -> str:
        """The total of these numbers of seats, as text. static/js/seatmap/rules.js writes the same.

        "₹800", "₹800 + ₹40 online", or "₹830 with ₹30 booking fee".
        """
        amount = standard * self.standard + premium * self.premium
        if not self.fee or self.fee.is_in_prices or not amount:
            return money(amount, self.currency)
        tickets = standard + premium if self.fee.per == FeePer.TICKET else 1
        fee = self.fee.amount * tickets
        fee_words = money(fee, self.currency)
        if self.fee.can_be_avoided:
            return f"{money(amount, self.currency)} + {fee_words} online"
        return f"{money(amount + fee, self.currency)} with {fee_words} booking fee"


def shown_prices(show: Show) -> ShownPrices:
    """The prices on a show's pages. The show must come with its screen and cinema."""
    standard, premium = show.standard_price, show.premium_price
    fee = shown_fee(show.screen.cinema) if standard or premium else None
    if fee and fee.is_in_prices:
        standard, premium = standard + fee.amount, premium + fee.amount
    return ShownPrices(standard, premium, show.currency, fee)

"""Which wallets a ticket can be added to."""

from dataclasses import dataclass
from datetime import datetime

from bookings.models import Booking

from .keys import apple_keys, google_keys


@dataclass(frozen=True, slots=True)
class Wallets:
    """The wallets that the operator has set up. Both False: pages show nothing about wallets."""

    apple: bool
    google: bool

    def __bool__(self) -> bool:
        return self.apple or self.google


def wallets_for(booking: Booking, *, at: datetime) -> Wallets:
    """The wallets for this booking at the time `at`. Only a ticket of a show that is not over."""
    if booking.status != Booking.Status.CONFIRMED or booking.show.ends_at <= at:
        return Wallets(apple=False, google=False)
    return Wallets(apple=apple_keys() is not None, google=google_keys() is not None)

"""Which wallets a ticket can be added to."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from bookings.models import Booking


@dataclass(frozen=True, slots=True)
class Wallets:
    """The wallets that the operator has set up. Both False: pages show nothing about wallets."""

    apple: bool
    google: bool

    def __bool__(self) -> bool:
        return self.apple or self.google


def wallets_for(booking: Booking, *, at: datetime) -> Wallets:
    """The wallets for this booking at the time `at`. Only a ticket of a show that is not over."""
    is_over = booking.status != Booking.Status.CONFIRMED or booking.show.ends_at <= at
    if is_over or not (settings.APPLE_PASS_CERTIFICATE or settings.GOOGLE_WALLET_KEY_FILE):
        return Wallets(apple=False, google=False)
    # Imported here: a site without wallets needs no certificates, which are 1 MiB in each worker.
    from .keys import apple_keys, google_keys

    return Wallets(apple=apple_keys() is not None, google=google_keys() is not None)

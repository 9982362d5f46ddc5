"""Bookings, and their use at the door."""

from .admission import Admission
from .booking import CROCKFORD, Booking, BookingQuerySet, SumOf, new_reference

__all__ = ["CROCKFORD", "Admission", "Booking", "BookingQuerySet", "SumOf", "new_reference"]

"""Bookings, their use at the door, and the mails about them."""

from .admission import Admission
from .booking import CROCKFORD, Booking, BookingQuerySet, SumOf, new_reference
from .notice import NOTICE_MOMENTS, Notice, NoticeQuerySet

__all__ = ["CROCKFORD", "NOTICE_MOMENTS", "Admission", "Booking", "BookingQuerySet", "Notice"]
__all__ += ["NoticeQuerySet", "SumOf", "new_reference"]

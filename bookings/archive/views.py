from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.guests.session import people
from bookings.models import Booking
from bookings.own_bookings import NotYours
from bookings.payments.models import Order
from bookings.payments.refunds.given_back import refunds_of_booking

from .models import ArchivedBooking
from .services import KEPT_YEARS

GONE = 410


def archived_page(request: HttpRequest, reference: str) -> HttpResponse:
    """The page of an archived booking of the browser's people. Raises NotYours."""
    mine = ArchivedBooking.objects.of(*people(request))
    found = mine.filter(reference=reference).first()
    if found is None:
        return _gone_page(request, reference)
    response = render(
        request,
        "bookings/archive/archived.html",
        {
            "booking": found,
            "show": found.show,
            "year": found.show.local_start.year,
            "given_back": refunds_of_booking(found.pk),
        },
    )
    response["Cache-Control"] = "private, no-store"
    return response


def _gone_page(request: HttpRequest, reference: str) -> HttpResponse:
    """That a ticket is not kept any more: its order is still there. Raises NotYours.

    Its quarter was detached from the archive (docs/decisions/0028-partitions-by-date.md).
    """
    orders = Order.objects.filter(booking_reference=reference, user__in=people(request))
    order = orders.select_related("cinema").order_by("-pk").first()
    if order is None or Booking.objects.filter(reference=reference).exists():
        raise NotYours
    context = {
        "order": order,
        "reference": reference,
        "starts": order.local_start,
        "years": KEPT_YEARS,
    }
    response = render(request, "bookings/archive/gone.html", context, status=GONE)
    response["Cache-Control"] = "private, no-store"
    return response

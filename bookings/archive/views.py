from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.guests.session import people
from bookings.own_bookings import NotYours
from bookings.payments.given_back import money_of

from .models import ArchivedBooking


def archived_page(request: HttpRequest, reference: str) -> HttpResponse:
    """The page of an archived booking of the browser's people. Raises NotYours."""
    mine = ArchivedBooking.objects.of(*people(request))
    found = mine.filter(reference=reference).first()
    if found is None:
        raise NotYours
    response = render(
        request,
        "bookings/archive/archived.html",
        {
            "booking": found,
            "show": found.show,
            "year": found.show.local_start.year,
            "given_back": money_of(found.pk),
        },
    )
    response["Cache-Control"] = "private, no-store"
    return response

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from accounts.models import User
from bookings.payments.given_back import money_of

from .models import ArchivedBooking


def archived_page(request: HttpRequest, user: User, reference: str) -> HttpResponse:
    """The page of a person's archived booking. Another person's booking is a 404."""
    found = get_object_or_404(ArchivedBooking.objects.of(user), reference=reference)
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

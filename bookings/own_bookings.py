"""The bookings of the person who is logged in."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from accounts.requests import AuthenticatedRequest
from bookmyshow.core.htmx import redirect_whole_page

from .models import Booking


def own_booking(request: AuthenticatedRequest, reference: str) -> Booking:
    """The person's booking, with `now`. Raises Http404, also for another person's booking."""
    mine = Booking.objects.of(request.user).with_clock()
    return get_object_or_404(mine, reference=reference)


def log_in_first(
    view: Callable[[AuthenticatedRequest, str], HttpResponse],
) -> Callable[[HttpRequest, str], HttpResponse]:
    """For a button of a booking's page, pressed after the log-in ended.

    The person logs in and comes back to that page. The address of the button takes no GET, and
    nothing is done without a new press.
    """

    @wraps(view)
    def checked(request: HttpRequest, reference: str) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, reference)  # type: ignore[arg-type]
        page = reverse("bookings:booking", args=[reference])
        return redirect_whole_page(request, redirect_to_login(page).url)

    return checked


def shown_start(request: HttpRequest) -> datetime | None:
    """The show's start that the posted page showed. None if the value is missing or malformed."""
    try:
        moment = datetime.fromisoformat(request.POST.get("starts_at", ""))
    except ValueError:
        return None
    return moment if moment.tzinfo else None

"""The bookings that a browser may see: those of its account, and those made as a guest."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from accounts.guests.session import people
from accounts.models import User
from bookmyshow.core.htmx import redirect_whole_page

from .models import Booking

View = Callable[[HttpRequest, str], HttpResponse]


class NotYours(Http404):
    """No booking of this browser's people has this reference."""


def own_booking(request: HttpRequest, reference: str) -> Booking:
    """The booking of one of the browser's people, with `now` and its person. Raises NotYours."""
    known = people(request)
    found = Booking.objects.of(*known).with_clock().filter(reference=reference).first()
    if found is None:
        raise NotYours
    found.user = next(person for person in known if person.pk == found.user_id)
    return found


def owner_of(request: HttpRequest, reference: str) -> User:
    """Whose booking this is, among the browser's people. Raises NotYours.

    With one person there is nothing to look up; then the service that is called next looks for the
    booking.
    """
    known = people(request)
    if len(known) == 1:
        return known[0]
    owners = Booking.objects.filter(reference=reference, user__in=known)
    owner_id = owners.values_list("user_id", flat=True).first()
    for person in known:
        if person.pk == owner_id:
            return person
    raise NotYours


def for_owner(view: View) -> View:
    """For a page or a button of a booking: it works for the people that this browser knows.

    Somebody who is logged in gets a 404 for another person's booking. Without a log-in, the booking
    may be one of an account whose log-in has ended. So the browser goes to the log-in page, and
    comes back after it: to this page, or to the booking's page if a button was pressed. Nothing is
    done without a new press. A reference that does not exist gets the same answer.
    """

    @wraps(view)
    def checked(request: HttpRequest, reference: str) -> HttpResponse:
        try:
            return view(request, reference)
        except NotYours:
            if request.user.is_authenticated:
                raise
            return log_in_first(request, reference)

    return checked


def log_in_first(request: HttpRequest, reference: str) -> HttpResponse:
    """To the log-in page, and from there back to the page, or to that of the booking."""
    is_page = request.method in {"GET", "HEAD"}
    page = request.get_full_path() if is_page else reverse("bookings:booking", args=[reference])
    return redirect_whole_page(request, redirect_to_login(page).url)


def shown_show(request: HttpRequest) -> int | None:
    """The show of the booking, from the posted page. None if the value is missing or malformed.

    Nobody has to believe it: the services look for the booking at this show, and a wrong one finds
    nothing.
    """
    number = request.POST.get("show", "")
    return int(number) if number.isascii() and number.isdecimal() and len(number) <= 15 else None


def shown_start(request: HttpRequest) -> datetime | None:
    """The show's start that the posted page showed. None if the value is missing or malformed."""
    try:
        moment = datetime.fromisoformat(request.POST.get("starts_at", ""))
    except ValueError:
        return None
    return moment if moment.tzinfo else None

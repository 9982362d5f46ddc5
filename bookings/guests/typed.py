"""What a guest typed and must change, kept by the browser until the hold ends.

Without htmx, the post is answered with a redirect to the booking's page, which shows the form and
its errors. So Back and Reload work, and ask for no second post. The words are in a signed cookie of
that page, and nowhere on the server.
"""

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from bookings.models import Booking

from .forms import GuestDetailsForm

COOKIE = "typed"
SALT = "bookings.guests.typed"
#: Of each field at most this many characters, more than it may have: its error stays.
MOST = {"name": 130, "email": 260, "phone": 40}
SEE_OTHER = 303


def show_again(request: HttpRequest, found: Booking) -> HttpResponse:
    """To the booking's page, which shows what was posted with its errors."""
    page = found.get_absolute_url()
    typed = {name: request.POST.get(name, "")[:most] for name, most in MOST.items()}
    response = HttpResponseRedirect(page, status=SEE_OTHER)
    response.set_cookie(
        COOKIE,
        signing.dumps([found.reference, typed], salt=SALT),
        max_age=found.seconds_remaining(found.now),
        path=page,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def typed_form(request: HttpRequest, found: Booking) -> GuestDetailsForm | None:
    """The form with what was typed at this booking and with its errors, if there is something."""
    try:
        reference, typed = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT)
    except signing.BadSignature:
        return None
    return GuestDetailsForm(typed) if reference == found.reference else None


def forget_typed(request: HttpRequest, response: HttpResponse, found: Booking) -> HttpResponse:
    """The details are saved: they are shown from now on."""
    if COOKIE in request.COOKIES:
        response.delete_cookie(COOKIE, path=found.get_absolute_url(), samesite="Lax")
    return response

"""The pages of guests: the mailed link, a new link, claiming by an account, forgetting."""

from django.contrib import messages
from django.contrib.auth import logout as end_session
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.email.confirmation import mark_confirmed
from accounts.errors import LinkNotValid
from accounts.guests.session import GUEST, LINKED, PROVED, note_proof
from accounts.requests import AuthenticatedRequest
from bookings.errors import ShowBusy
from bookings.models import Booking
from bookmyshow.core.observability.security_log import log_event
from bookmyshow.core.time import database_now

from .claiming import claim
from .finding import ask_for_link
from .forms import FindBookingForm, GuestDetailsForm
from .links import GuestLink, read_link, reference_of, secret_address


@never_cache
@secret_address
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """The page of the mailed link. A button opens it, because mail scanners follow links too.

    A link that has ended, or was cut off, gets a form that mails a new one (410).
    """
    try:
        found = read_link(token)
    except LinkNotValid:
        form = FindBookingForm(initial={"reference": reference_of(token)})
        return _find_page(request, form, status=410, ended=True)
    if request.method == "POST":
        return _open(request, found)
    booking = Booking.objects.with_show().filter(reference=found.reference).first()
    held_until = None
    if booking is not None and booking.status_at(database_now()) == Booking.Status.PENDING:
        held_until = booking.expires_at.astimezone(booking.show.screen.cinema.tz)
    context = {"booking": booking, "guest": found.guest, "held_until": held_until}
    return render(request, "bookings/guests/link.html", context)


def _open(request: HttpRequest, found: GuestLink) -> HttpResponse:
    """Let this browser see the guest's bookings. Reading the mail has proved the address."""
    note_proof(request, found.guest)
    mark_confirmed(found.guest, request=request)
    log_event("guest link", request=request, account=found.guest.email)
    return redirect("bookings:booking", found.reference)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Mail a guest the link to their booking. The answer is the same for what does not exist."""
    form = FindBookingForm(request.POST or None)
    if not form.is_valid():
        return _find_page(request, form, status=422 if form.is_bound else 200)
    ask_for_link(request, **form.cleaned_data)
    return redirect("bookings:find-sent")


def _find_page(
    request: HttpRequest, form: FindBookingForm, *, status: int, ended: bool = False
) -> HttpResponse:
    context = {"form": form, "ended": ended}
    return render(request, "bookings/guests/find.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD"])
def find_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "bookings/guests/find_sent.html")


@sensitive_post_parameters("name", "email", "phone")
@never_cache
@require_POST
def check_field(request: HttpRequest, field: str) -> HttpResponse:
    """When a guest leaves a field: its error, empty if the value is fine. Looks nothing up."""
    form = GuestDetailsForm(request.POST)
    if field not in form.fields:
        return HttpResponseBadRequest()
    return render(request, "_field.html#error", {"field": form[field]})


@require_POST
@login_required
def claim_bookings(request: AuthenticatedRequest) -> HttpResponse:
    """Move the tickets of guests with a proved address to the account."""
    try:
        claimed = claim(request, request.user)
    except ShowBusy as error:
        messages.error(request, error.message)
    else:
        words = "1 booking is" if claimed == 1 else f"{claimed} bookings are"
        if claimed:
            messages.success(request, f"{words} in your account now.")
    return redirect("bookings:list")


@require_POST
def forget(request: HttpRequest) -> HttpResponse:
    """This browser forgets its guests: "This isn’t my device". An account stays logged in."""
    if request.user.is_authenticated:
        for key in (GUEST, LINKED, PROVED):
            request.session.pop(key, None)
    else:
        end_session(request)
    messages.success(
        request, "This browser has forgotten your bookings. The link in your mail still opens them."
    )
    return redirect("listings:home")

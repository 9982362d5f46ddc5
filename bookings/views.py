"""Customers' pages: hold seats, review, confirm, release or cancel a booking, and the list."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from accounts.guests.services import begin_guest
from accounts.guests.session import buyer, people
from accounts.models import User
from bookmyshow.core.errors import DomainError
from bookmyshow.core.htmx import redirect_whole_page
from bookmyshow.core.rate_limits import HOLDS_OF_PERSON, RateLimited, count_attempt
from bookmyshow.core.time import database_now
from shows.seatmap.views import map_or_404, show_page
from shows.waiting_room.errors import PassMissing, PassRequired, SaleClosed
from shows.waiting_room.passes import of_cookies as passes_of

from . import services
from .archive.views import archived_page
from .booking_page import booking_page, clock_face
from .errors import BookingError, BookingNotFound, InvalidSeats, ShowBusy, ShowNotFound
from .forms import ChosenSeats
from .guests.claiming import claimable
from .guests.details import take_details
from .guests.forms import GuestDetailsForm
from .guests.limits import counted_seats
from .guests.typed import forget_typed, show_again
from .hold_limits import address_key, count_unconfirmed_seats
from .models import Booking
from .own_bookings import (
    NotYours,
    for_owner,
    own_booking,
    owner_of,
    shown_show,
    shown_start,
)
from .payments.checkout.views import pay_as
from .payments.orders.payment_status import PaymentStatus, payment_statuses

BOOKINGS_PER_PAGE = 20
# "My bookings" shows this many ended holds, the newest ones.
ENDED_HOLDS = 10
PENDING, CONFIRMED = Booking.Status.PENDING, Booking.Status.CONFIRMED


@require_POST
def hold(request: HttpRequest, show_id: int) -> HttpResponse:
    """Hold the chosen seats and go to the review page, or show the map with the error.

    A visitor who is not logged in holds them as a guest of this browser (docs/spec.md §19). Where a
    pass is needed and missing, it goes to the waiting room (docs/spec.md §24.4).
    """
    labels, token, unasked = ChosenSeats.of(request.POST)
    if not labels:
        return _refused(request, show_id, labels, InvalidSeats("Choose at least one seat."))
    if unasked:
        return _refused(request, show_id, labels, InvalidSeats(wheelchair_question(unasked)))
    try:
        user = buyer(request) or begin_guest(request)
        count_attempt(HOLDS_OF_PERSON, user.pk)
        with counted_seats(request, user, show_id, len(labels)):
            booking = services.hold_from_form(
                user=user,
                show_id=show_id,
                labels=labels,
                form_token=token,
                held_from=address_key(request),
                passes=passes_of(request.COOKIES),
            )
    except PassRequired as error:
        return _to_waiting_room(request, error)
    except ShowNotFound as error:
        raise Http404 from error
    except (BookingError, ShowBusy, RateLimited, SaleClosed) as error:
        return _refused(request, show_id, labels, error)
    return redirect_whole_page(request, booking.get_absolute_url())


def _to_waiting_room(request: HttpRequest, error: PassRequired) -> HttpResponse:
    """To the waiting room. Whoever was in reads on their own page there why they are out."""
    if isinstance(error, PassMissing) or not request.user.is_authenticated:
        return redirect_whole_page(request, error.address)
    messages.warning(request, error.message)
    return redirect_whole_page(request, f"{error.address}place/")


def wheelchair_question(labels: list[str]) -> str:
    """The message if wheelchair places are chosen, but the wheelchair box is not ticked."""
    places = "is a wheelchair place" if len(labels) == 1 else "are wheelchair places"
    return (
        f"{', '.join(labels)} {places}. Tick that someone in your party uses a wheelchair, or"
        " choose other seats."
    )


def _refused(
    request: HttpRequest, show_id: int, labels: list[str], error: DomainError
) -> HttpResponse:
    """The current map with the error; chosen seats that are free stay chosen.

    The status is 422 for an invalid choice, 429 for a rate limit, else 409.
    """
    if isinstance(error, RateLimited):
        status = 429
    else:
        status = 422 if isinstance(error, InvalidSeats) else 409
    if not request.headers.get("HX-Request"):
        return show_page(request, show_id, chosen=labels, problem=error.message, status=status)
    context = {"map_html": map_or_404(show_id).html, "problem": error.message}
    return render(request, "shows/seatmap/show.html#refused", context, status=status)


@require_safe
@never_cache
@for_owner
def booking(request: HttpRequest, reference: str) -> HttpResponse:
    """The page of a booking: the review of a hold, a payment, the ticket, or how it ended.

    Archived bookings have a page of their own.
    """
    try:
        found = own_booking(request, reference)
    except NotYours:
        return archived_page(request, reference)
    return booking_page(request, found)


@require_safe
@never_cache
@for_owner
def clock(request: HttpRequest, reference: str) -> HttpResponse:
    """The status and remaining seconds of a hold. The page asks for them when it becomes visible
    again, when the network is back, and when its countdown ends."""
    found = own_booking(request, reference)
    return JsonResponse(
        {"status": found.status_at(found.now), "seconds": found.seconds_remaining(found.now)}
    )


@require_POST
@for_owner
def confirm(request: HttpRequest, reference: str) -> HttpResponse:
    """Confirm the booking, unless the show has moved since the page was loaded."""
    return confirm_as(owner_of(request, reference), request, reference)


def confirm_as(user: User, request: HttpRequest, reference: str) -> HttpResponse:
    """Confirm a booking of `user`, who is one of the browser's people."""
    starts_at = shown_start(request)

    def confirm_booking(user: User, reference: str, show_id: int | None) -> Booking:
        count_unconfirmed_seats(request, user, reference)
        return services.confirm_booking(
            user=user, reference=reference, starts_at=starts_at, show_id=show_id
        )

    return _act(user, request, reference, confirm_booking)


@sensitive_post_parameters("name", "email", "phone")
@require_POST
@for_owner
def check_out(request: HttpRequest, reference: str) -> HttpResponse:
    """A guest's details and the button in one post: save them, then confirm, or pay online.

    Details that have to be changed come back with the page (with htmx only the form, 422); the hold
    stays as it is. The first details are saved even if the time has just run out, so nobody types
    them twice.
    """
    found = own_booking(request, reference)
    user, is_held = found.user, found.status_at(found.now) == PENDING
    if user.is_guest and settings.GUEST_CHECKOUT and (is_held or not user.email):
        form = GuestDetailsForm(request.POST)
        if form.is_valid():
            user = take_details(request, user, **form.cleaned_data)
        elif is_held and "HX-Request" in request.headers:
            return booking_page(request, found, details=form)
        elif is_held:
            return show_again(request, found)
    go_on = pay_as if request.POST.get("way") == "online" else confirm_as
    return forget_typed(request, go_on(user, request, reference), found)


@require_POST
@for_owner
def release(request: HttpRequest, reference: str) -> HttpResponse:
    return _act(owner_of(request, reference), request, reference, services.release_hold)


@require_POST
@for_owner
def cancel(request: HttpRequest, reference: str) -> HttpResponse:
    """Cancel a ticket, unless less comes back than the page said."""
    promised = request.POST.get("back", "")
    least = int(promised) if promised.isdecimal() and len(promised) <= 15 else None
    cancel_booking = partial(services.cancel_booking, least_back=least)
    return _act(owner_of(request, reference), request, reference, cancel_booking)


@require_safe
@never_cache
def bookings(request: HttpRequest) -> HttpResponse:
    """My bookings: live holds, coming tickets, past bookings, and ended holds (collapsed).

    A browser in which nobody is known is sent to log in.
    """
    known = people(request)
    if not known:
        return redirect_to_login(request.get_full_path())
    now = database_now()
    mine = Booking.objects.of(*known).coming_first(at=now)
    page = Paginator(mine.but_ended_holds(at=now), BOOKINGS_PER_PAGE).get_page(
        request.GET.get("page")
    )
    money = payment_statuses(page)
    rows = [
        Row(booking, booking.status_at(now), booking.seconds_remaining(now), money[booking.pk])
        for booking in page
    ]
    ended = mine.reading(Booking.Status.FAILED, at=now)[:ENDED_HOLDS] if page.number == 1 else []
    context = {
        "held": [row for row in rows if row.state == PENDING],
        "coming": [row for row in rows if row.booking.is_coming and row.state != PENDING],
        "over": [row for row in rows if not row.booking.is_coming],
        "ended": [Row(booking, booking.status_at(now)) for booking in ended],
        "page": page,
        **_guests_in_list(request, known),
    }
    return _private(render(request, "bookings/list.html", context))


def _guests_in_list(request: HttpRequest, known: list[User]) -> dict[str, object]:
    """Whether the list has bookings of guests, and what an account may take from guests."""
    account = known[0]
    return {
        "has_guests": any(person.is_guest for person in known),
        "claimable": [] if account.is_guest else claimable(request, account),
    }


@dataclass(frozen=True)
class Row:
    """A booking in the list: its status, the seconds left to confirm a hold, and its money."""

    booking: Booking
    state: Booking.Status
    seconds: int = 0
    money: PaymentStatus | None = None

    @property
    def clock_face(self) -> str:
        return clock_face(self.seconds)


def _act(
    user: User, request: HttpRequest, reference: str, service: Callable[..., Booking]
) -> HttpResponse:
    """Call the service, then redirect to the booking's page, which shows the error if there is one.

    Raises NotYours.
    """
    try:
        service(user=user, reference=reference, show_id=shown_show(request))
    except BookingNotFound as error:
        raise NotYours from error
    except (BookingError, ShowBusy) as error:
        messages.error(request, error.message)
    return redirect_whole_page(request, reverse("bookings:booking", args=[reference]))


def _private(response: HttpResponse) -> HttpResponse:
    response["X-Robots-Tag"] = "noindex"
    return response

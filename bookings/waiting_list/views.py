"""Pages of the waiting list: join it, leave it, and the two pages that mails link to."""

import uuid

from django.contrib import messages as notes
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from limits import parse

from accounts.email.confirmation import mark_confirmed
from accounts.guests.services import begin_guest, give_details
from accounts.guests.session import begin_session_of, buyer, guest_of, note_proof, people
from accounts.models import User
from accounts.staff.sessions import background
from bookings.errors import BookingError, BookingNotFound, ShowBusy, ShowNotFound
from bookmyshow.core.email_key import email_key
from bookmyshow.core.errors import DomainError
from bookmyshow.core.rate_limits import (
    Limit,
    RateLimited,
    count_attempt,
    count_attempt_by_address,
)
from bookmyshow.core.security import keep_address_secret
from bookmyshow.core.time import database_now
from shows.models import Show
from shows.seatmap import show_cache
from shows.seatmap.views import show_page

from . import messages, services
from .choosing import Party
from .errors import OtherAddress
from .forms import WishForm
from .links import entry_of, request_of
from .models import Entry
from .offers import last_offers_at
from .panel import asks_address, is_proved, own_entry, panel_context

JOINS_OF_PERSON = Limit("waiting", parse("20 per minute"), in_memory_fallback=False)
# These mails go to addresses that anybody can type in.
MAILS_TO_ADDRESS = Limit("waiting-mails", parse("5 per hour"))
MAILS_FROM_NETWORK = Limit("waiting-mails-from", parse("30 per hour"))


@require_POST
def join(request: HttpRequest, show_id: int) -> HttpResponse:
    """Join the list. Whose address is not proved gets a mail first, with a link that proves it."""
    person = buyer(request)
    form = WishForm(request.POST, asks_address=asks_address(person))
    if not form.is_valid():
        problem = " ".join(str(text) for texts in form.errors.values() for text in texts)
        return show_page(request, show_id, problem=problem, status=422)
    try:
        if person is None or not is_proved(person):
            own = person.email if person else ""
            _mail_link(request, show_id, form, form.cleaned_data.get("email") or own)
            # To the top of the page: that is where it says that a mail is on its way.
            return redirect("shows:show", show_id)
        count_attempt(JOINS_OF_PERSON, person.pk)
        services.join(user=person, show_id=show_id, party=form.party)
    except ShowNotFound as error:
        raise Http404 from error
    except (BookingError, ShowBusy, RateLimited) as error:
        return show_page(request, show_id, problem=error.message, status=error.status)
    return redirect(f"{reverse('shows:show', args=[show_id])}#waiting")


def _mail_link(request: HttpRequest, show_id: int, form: WishForm, address: str) -> None:
    """Send the person the link that puts them on the list. Raises RateLimited, ShowNotFound."""
    count_attempt_by_address(MAILS_FROM_NETWORK, request)
    count_attempt(MAILS_TO_ADDRESS, email_key(address))
    show = Show.objects.filter(pk=show_id).first()
    if show is None:
        raise ShowNotFound
    services.check_open(show, database_now())
    messages.write_confirm(address=address, show=show, party=form.party, key=str(uuid.uuid4()))
    notes.info(
        request,
        f"Look at your mail: we have sent a link to {address}. Open it and press the button: "
        "only then are you on the waiting list.",
    )


@background
@require_safe
@never_cache
def panel(request: HttpRequest, show_id: int) -> HttpResponse:
    """The viewer's place in line. An open page asks for it, until there is an offer."""
    show = show_cache.show_or_404(show_id)
    entry = own_entry(people(request), show_id)
    return render(
        request,
        "bookings/waiting_list/_panel.html#place",
        {"show": show, **panel_context(entry, show)},
    )


@require_POST
def leave(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Leave the list. Raises Http404 for another person's place."""
    owners = [person.pk for person in people(request)]
    entry = Entry.objects.filter(pk=entry_id, user__in=owners).first()
    if entry is None:
        raise Http404
    try:
        services.leave(user=entry.user_id, entry_id=entry.pk)
    except ShowBusy as error:
        notes.error(request, error.message)
    else:
        notes.success(request, "You have left the waiting list.")
    return redirect("shows:show", entry.show_id)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The page of the mailed link. A button joins, because mail scanners follow links too."""
    asked = request_of(token)
    show = Show.objects.with_film().filter(pk=asked.show or 0).first() if asked else None
    if asked is None or show is None:
        return _private(render(request, "bookings/waiting_list/confirm.html", status=410))
    party = Party(**asked.data)
    context = {"show": show, "party": party, "wish": party.words, "address": asked.address}
    if request.method != "POST":
        return _private(render(request, "bookings/waiting_list/confirm.html", context))
    try:
        person = _proved(request, asked.address)
        entry = services.join(user=person, show_id=show.pk, party=party)
        if entry.user_id != person.pk:
            # The address has its place already, from another browser.
            note_proof(request, entry.user)
    except DomainError as error:
        context["problem"] = error.message
        return _private(
            render(request, "bookings/waiting_list/confirm.html", context, status=error.status)
        )
    return _private(redirect(f"{show.get_absolute_url()}#waiting"))


def _proved(request: HttpRequest, address: str) -> User:
    """The person who is logged in, else a guest whose address is proved now.

    Raises OtherAddress: an account whose own address is not proved.
    """
    if isinstance(request.user, User):
        if email_key(request.user.email) == email_key(address):
            mark_confirmed(request.user, request=request)
        if not is_proved(request.user):
            raise OtherAddress
        return request.user
    known = guest_of(request) or begin_guest(request)
    guest = give_details(guest=known, name=known.name, email=address, phone=known.phone)
    if guest.pk != known.pk:
        begin_session_of(request, guest)
    mark_confirmed(guest, request=request)
    return guest


@csrf_exempt  # Mail programs post "List-Unsubscribe=One-Click" without a page; the token is enough.
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def place(request: HttpRequest, token: str) -> HttpResponse:
    """The page of a place in line that mails link to, with a button to leave. POST leaves."""
    entry = entry_of(token)
    if entry is None:
        return _private(render(request, "bookings/waiting_list/place.html", status=410))
    problem = ""
    if request.method == "POST":
        try:
            entry.state = services.leave(user=entry.user_id, entry_id=entry.pk).state
        except (BookingNotFound, ShowBusy) as error:
            problem = error.message
    is_open = database_now() < last_offers_at(entry.show)
    context = {
        "show": entry.show,
        "problem": problem,
        "is_open": is_open,
        **panel_context(entry, entry.show),
    }
    return _private(render(request, "bookings/waiting_list/place.html", context))


def _private(response: HttpResponse) -> HttpResponse:
    """The address has a token: it must get into no search and no other site's log."""
    keep_address_secret(response)
    return response

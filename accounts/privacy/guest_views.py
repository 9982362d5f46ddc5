"""A guest's own data: export and deletion, in the browser that knows the guest.

It knows those who bought in it, and those whose mailed link was opened in it
(`accounts.guests.session.people`).
"""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.errors import PersonBusy
from accounts.export import account_data, as_file
from accounts.guests.session import GUEST, LINKED, PROVED, people
from accounts.models import User
from bookmyshow.core.observability.security_log import log_event

from .services import delete_account


@never_cache
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """Download everything that is known of this browser's guests."""
    guests = _guests(request)
    for guest in guests:
        log_event("export", request=request, account=guest.email, what="own data of a guest")
    return as_file([account_data(guest) for guest in guests], "guest")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest) -> HttpResponse:
    """Forget this browser's guests for ever. The page asks first."""
    guests = _guests(request)
    if request.method == "POST":
        try:
            for guest in guests:
                delete_account(user=guest, request=request)
        except PersonBusy as error:
            messages.error(request, error.message)
            return redirect("accounts:guest-delete")
        for key in (GUEST, LINKED, PROVED):
            request.session.pop(key, None)
        messages.success(request, "Your name, email and phone number are deleted.")
        return redirect("listings:home")
    return render(request, "accounts/privacy/guest_delete.html", {"guests": guests})


def _guests(request: HttpRequest) -> list[User]:
    """Raises Http404 if this browser knows none."""
    guests = [person for person in people(request) if person.is_guest]
    if not guests:
        raise Http404("This browser has bought nothing as a guest.")
    return guests

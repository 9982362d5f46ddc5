"""The buttons "Add to Apple Wallet" and "Save to Google Wallet" of a ticket.

Most sites have no wallets, so what makes passes is imported where it is used: with it come Pillow
and most of the package cryptography, 4 MiB in each worker.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bookings.models import Booking
from bookings.own_bookings import for_owner
from bookings.payments.checkout.pages import due_words
from bookings.payments.orders.payment_status import payment_status
from bookings.tickets.views import own_ticket


@require_safe
@never_cache
@for_owner
def apple(request: HttpRequest, reference: str) -> HttpResponse:
    """The ticket as a .pkpass. 404 if the operator has set up no passes, or the show is over."""
    from .apple import CONTENT_TYPE, apple_pass
    from .keys import apple_keys

    booking = _coming_ticket(request, reference)
    if not (keys := apple_keys()):
        raise Http404("This site makes no passes for Apple Wallet.")
    address = request.build_absolute_uri(booking.get_absolute_url())
    due = due_words(payment_status(booking))
    content = apple_pass(booking, keys=keys, address=address, due=due)
    name = f'attachment; filename="ticket-{reference}.pkpass"'
    return HttpResponse(content, content_type=CONTENT_TYPE, headers={"Content-Disposition": name})


@require_safe
@never_cache
@for_owner
def google(request: HttpRequest, reference: str) -> HttpResponse:
    """Send the person on to Google. 404 if the operator has set up no passes, or the show is
    over."""
    from .google import save_link
    from .keys import google_keys

    booking = _coming_ticket(request, reference)
    if not (keys := google_keys()):
        raise Http404("This site makes no passes for Google Wallet.")
    response = redirect(save_link(booking, keys=keys))
    response["Referrer-Policy"] = "no-referrer"
    return response


def _coming_ticket(request: HttpRequest, reference: str) -> Booking:
    booking = own_ticket(request, reference)
    if booking.show.ends_at <= booking.now:
        raise Http404("The show is over.")
    return booking

"""Views of a ticket's PDF, calendar entry, QR code and shared link."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bookings.models import Booking
from bookings.own_bookings import for_owner, own_booking
from bookings.payments.checkout.pages import due_words, paid_words
from bookings.payments.orders.payment_status import payment_status
from bookmyshow.core.time import database_now

from .services import InvalidToken, calendar_entry, qr_svg, read_share_token, share_address


@require_safe
@never_cache
@for_owner
def pdf(request: HttpRequest, reference: str) -> HttpResponse:
    # Imported here: reportlab and Pillow are 5 MiB in each worker, and most PDFs go out by mail.
    from .pdf import ticket_pdf

    booking = own_ticket(request, reference)
    money = payment_status(booking)
    content = ticket_pdf(booking, money=due_words(money) or paid_words(money))
    return _file(content, "application/pdf", f"ticket-{reference}.pdf")


@require_safe
@never_cache
@for_owner
def ics(request: HttpRequest, reference: str) -> HttpResponse:
    booking = own_ticket(request, reference)
    address = request.build_absolute_uri(booking.get_absolute_url())
    due = due_words(payment_status(booking))
    entry = calendar_entry(booking, address=address, due=due)
    return _file(entry, "text/calendar; charset=utf-8", f"ticket-{reference}.ics")


@require_safe
@never_cache
@for_owner
def qr(request: HttpRequest, reference: str) -> HttpResponse:
    booking = own_ticket(request, reference)
    return HttpResponse(qr_svg(booking, standalone=True), content_type="image/svg+xml")


@require_safe
@never_cache
@for_owner
def share(request: HttpRequest, reference: str) -> HttpResponse:
    """A page with the link to copy, for browsers that have no share function."""
    booking = own_ticket(request, reference)
    context = {
        "booking": booking,
        "show": booking.show,
        "share_address": share_address(request, booking),
    }
    return render(request, "bookings/tickets/share.html", context)


@require_safe
@never_cache
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """The shared page: film, place, time and seats, but not who booked.

    Raises Http404 if the token is invalid or the show is over.
    """
    try:
        pk = read_share_token(token)
    except InvalidToken as error:
        raise Http404 from error
    booking = get_object_or_404(Booking.objects.with_show(), pk=pk)
    show, now = booking.show, database_now()
    if now > show.ends_at:
        raise Http404("The show is over, and so is the link.")
    context = {
        "show": show,
        "seats": booking.seats,
        "is_on": booking.status == Booking.Status.CONFIRMED and not show.is_cancelled,
        "can_join": not show.is_cancelled and not show.has_started(now),
    }
    response = render(request, "bookings/tickets/shared.html", context)
    response["X-Robots-Tag"] = "noindex"
    # Anyone who knows this URL can open the page. So a linked site gets only this site's origin as
    # the referrer, not the URL.
    response["Referrer-Policy"] = "strict-origin"
    return response


def own_ticket(request: HttpRequest, reference: str) -> Booking:
    """The browser's own confirmed booking. Raises NotYours, or Http404 if it is not confirmed."""
    booking = own_booking(request, reference)
    if booking.status != Booking.Status.CONFIRMED:
        raise Http404("This booking has no ticket.")
    return booking


def _file(content: bytes, content_type: str, name: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=content_type,
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )

"""The button "Send the ticket again", for the ticket's owner and for staff."""

import uuid

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.requests import AuthenticatedRequest
from bookings.errors import BookingError
from bookings.models import Booking
from bookings.own_bookings import for_owner
from bookings.tickets.views import own_ticket
from bookmyshow.core.staff.access import staff_with

from .send_again import send_again, send_again_for_customer


@require_POST
@for_owner
def again(request: HttpRequest, reference: str) -> HttpResponse:
    """Send the ticket again to its owner's address, and go back to the ticket."""
    ticket = own_ticket(request, reference)
    send_again(booking=ticket, form=_form(request))
    messages.success(request, f"Your ticket is on its way to {ticket.user.email}.")
    return redirect(ticket)


@require_http_methods(["GET", "POST"])
@staff_with("outbox.change_message")
def again_for_customer(request: AuthenticatedRequest, booking_id: int) -> HttpResponse:
    booking = get_object_or_404(Booking.objects.with_show().select_related("user"), pk=booking_id)
    if request.method == "POST":
        try:
            send_again_for_customer(by=request.user, booking_id=booking_id, form=_form(request))
        except BookingError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, f"The ticket is on its way to {booking.user.email}.")
        return redirect("admin:bookings_booking_change", booking_id)
    context = {
        **admin.site.each_context(request),
        "title": "Send the ticket again",
        "booking": booking,
        "show": booking.show,
        "form": uuid.uuid4(),
    }
    return render(request, "bookings/mails/send_again.html", context)


def _form(request: HttpRequest) -> uuid.UUID:
    """The name of the posted form. One that is missing or malformed counts as a new form."""
    try:
        return uuid.UUID(request.POST.get("form", ""))
    except ValueError:
        return uuid.uuid4()

"""What the service worker asks for: the list of tickets to keep, and the page of each."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.guests.session import people
from bookings.own_bookings import for_owner
from bookings.payments.orders.payment_status import payment_status
from bookings.tickets.services import qr_svg
from bookings.tickets.views import own_ticket
from bookmyshow.core.time import database_now

from .person import person_key
from .saving import coming_tickets, page_files, saved_page, what_to_save


@require_safe
@never_cache
def listing(request: HttpRequest) -> HttpResponse:
    """The person's coming tickets, as addresses to save; empty for a visitor."""
    everybody = people(request)
    tickets = coming_tickets(everybody, at=database_now()) if everybody else []
    return JsonResponse(
        {
            "person": person_key(request) if everybody else "",
            "list": render_to_string("bookings/offline/_list.html"),
            "files": page_files(),
            "tickets": what_to_save(tickets),
        }
    )


@require_safe
@never_cache
@for_owner
def saved(request: HttpRequest, reference: str) -> HttpResponse:
    """The ticket's page as it is saved: without forms, and without links that need a network."""
    ticket = own_ticket(request, reference)
    context = saved_page(ticket, payment_status(ticket)) | {"qr": qr_svg(ticket)}
    response = render(request, "bookings/offline/ticket.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response

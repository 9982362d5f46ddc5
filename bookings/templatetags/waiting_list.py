"""The waiting list on the page of a show."""

from typing import Any

from django import template
from django.conf import settings
from django.template.context import RequestContext
from django.utils import timezone

from accounts.guests.session import buyer, people
from bookings.waiting_list.forms import WishForm
from bookings.waiting_list.offers import last_offers_at
from bookings.waiting_list.panel import asks_address, is_proved, own_entry, panel_context
from bookings.waiting_list.services import waits_for_room
from shows.models import Show

register = template.Library()


@register.inclusion_tag("bookings/waiting_list/_panel.html", takes_context=True)
def waiting_list(context: RequestContext, show: Show) -> dict[str, Any]:
    """The viewer's place in the line of `show`, or the form to join it."""
    request = context["request"]
    known, person = people(request), buyer(request)
    posted = request.POST if "waiting-seats" in request.POST else None
    party_form = context.get("party_form")
    asked = party_form.data.get("party", "") if party_form and party_form.is_bound else ""
    form = WishForm(
        posted,
        seats=int(asked) if asked.isdecimal() and len(asked) < 4 else 2,
        asks_address=asks_address(person),
        has_places="wheelchair" in (context.get("kinds") or ()),
    )
    return {
        "show": show,
        "request": request,
        "csrf_token": context.get("csrf_token"),
        "is_open": timezone.now() < last_offers_at(show),
        "waits_for_room": waits_for_room(show),
        "form": form,
        "asks_proof": person is None or not is_proved(person),
        "minutes": settings.WAITING_OFFER_MINUTES,
        # Also shown while other seats are free: these people found none that fit.
        "is_wanted": posted is not None or (bool(asked) and not context.get("found")),
        **panel_context(own_entry(known, show.pk) if known else None, show),
    }

"""The parts of pages about notifications."""

from typing import Any

from django import template
from django.http import HttpRequest

from accounts.guests.session import people
from accounts.models import User
from accounts.push.browsers import device_of
from accounts.push.opt_in import opt_in_context, row_of_this_browser

register = template.Library()


@register.inclusion_tag("accounts/push/_opt_in.html", takes_context=True)
def push_opt_in(context: dict[str, Any], person_id: int, on: str) -> dict[str, Any]:
    """The button "Tell me on this phone" for a person. `on`: the page, "hold" or "ticket"."""
    request = context["request"]
    row = row_of_this_browser(request, person_id)
    return opt_in_context(request, person_id, row, on=on)


@register.inclusion_tag("accounts/push/_browsers.html", takes_context=True)
def push_browsers(context: dict[str, Any], person: User) -> dict[str, Any]:
    """The browsers that a person is told things on, each with a button to end it."""
    return _browsers(context["request"], person)


@register.inclusion_tag("accounts/push/_browsers.html", takes_context=True)
def push_browsers_of_guest(context: dict[str, Any], person_id: int) -> dict[str, Any]:
    """The same for a guest's ticket, because a guest has no profile page. Nothing for others."""
    request = context["request"]
    guests = (person for person in people(request) if person.is_guest)
    guest = next((guest for guest in guests if guest.pk == person_id), None)
    return _browsers(request, guest) if guest else {}


def _browsers(request: HttpRequest, person: User) -> dict[str, Any]:
    device = device_of(request)
    return {
        "person_id": person.pk,
        "page": request.get_full_path(),
        "browsers": [
            {"row": row, "is_this": row.device == device} for row in person.push_subscriptions.all()
        ],
    }

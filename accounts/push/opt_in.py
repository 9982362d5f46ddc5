"""The part of a booking's page where a person can subscribe to push messages in this browser."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from accounts.requests import safe_next

from .browsers import device_of, phone_or_computer
from .keys import server_key
from .models import Subscription, Topic

#: The pages with the part: they have different words. A hold's page has one button and no choice.
HOLD, TICKET = "hold", "ticket"


@dataclass(frozen=True, slots=True)
class Choice:
    topic: Topic
    is_chosen: bool


def opt_in_context(
    request: HttpRequest, person_id: int, row: Subscription | None, *, on: str
) -> dict[str, Any]:
    """What `accounts/push/_opt_in.html` shows. `row`: what this browser is told now; `on`: HOLD or
    TICKET."""
    key = server_key()
    if row and key and row.server_key != key.name:
        row = None  # This browser accepts nothing from today's key.
    is_told = row is not None and (row.hold or on != HOLD)
    return {
        "request": request,
        "key": key.public if key else "",
        "person_id": person_id,
        "row": row if is_told else None,
        "choices": choices(row, on),
        "phone_or_computer": phone_or_computer(request),
        "on": HOLD if on == HOLD else TICKET,
        "page": safe_next(request) if request.method == "POST" else request.get_full_path(),
    }


def choices(row: Subscription | None, on: str) -> list[Choice]:
    """All topics, and whether they are chosen: those of `row`, and all without a row.

    The page of a hold has no boxes: its button adds the hold's topic to what is chosen already.
    """
    return [
        Choice(topic, row is None or getattr(row, topic) or (on == HOLD and topic == Topic.HOLD))
        for topic in Topic
    ]


def row_of_this_browser(request: HttpRequest, person_id: int) -> Subscription | None:
    """This browser's subscription for this person. Without the cookie this costs no statement."""
    device = device_of(request)
    rows = Subscription.objects.filter(device=device, user=person_id)
    return rows.first() if device else None

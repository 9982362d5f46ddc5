"""What the page of a show says to its viewer about the waiting list."""

from collections.abc import Iterable

from django.utils import timezone

from accounts.models import User
from shows.models import Show

from .models import Entry
from .services import MOST_PASSED, offers_passed, place_of

STATES = Entry.State


def asks_address(person: User | None) -> bool:
    """Whether the form asks for an email: of visitors, and of guests who have not proved one."""
    return person is None or (person.is_guest and not is_proved(person))


def is_proved(person: User) -> bool:
    """Whether the person has followed a link that was mailed to their address."""
    return person.email_confirmed_at is not None


def own_entry(people: Iterable[User], show_id: int) -> Entry | None:
    """The newest place of these people in the line of a show."""
    entries = Entry.objects.filter(show=show_id, user__in=list(people))
    entries = entries.select_related("booking", "user")
    return entries.order_by("-pk").first()


def panel_context(entry: Entry | None, show: Show) -> dict[str, object]:
    """The place in line, the offer, or that the offer has passed.

    An offer that has lapsed is over, also while no sweep has written it down.
    """
    if entry is None:
        return {"entry": None, "waits": False, "offer": None}
    offer = entry.booking if entry.state == STATES.OFFERED else None
    is_over = offer is not None and offer.has_lapsed(timezone.now())
    has_passed = is_over or entry.state == STATES.PASSED
    had_offer = has_passed or (entry.state == STATES.LEFT and entry.booking_id is not None)
    zone = show.screen.cinema.tz
    return {
        "entry": entry,
        "waits": entry.state == STATES.WAITING,
        "place": place_of(entry) if entry.state == STATES.WAITING else 0,
        "offer": None if is_over else offer,
        "until": offer.expires_at.astimezone(zone) if offer else None,
        "has_passed": has_passed,
        "was_last": had_offer and offers_passed(entry.user, show) + is_over >= MOST_PASSED,
        "has_seats": entry.state == STATES.TAKEN,
        "has_left": entry.state == STATES.LEFT,
    }

"""Writes the messages of the waiting list, in the transaction of what they are about.

`bookings/mails/waiting_list.py` says what they say.
"""

from collections.abc import Iterable

from accounts.outbox.services import NewMessage, write, write_many
from accounts.push.kinds import Event, write_events
from accounts.push.models import Topic
from shows.models import Show

from .choosing import Party
from .models import Entry

OFFER, OVER, MOVED, CONFIRM = "waiting-offer", "waiting-over", "waiting-moved", "waiting-confirm"
PUSH_OFFER = "push-waiting-offer"


def write_offers(entries: Iterable[Entry]) -> None:
    """A mail for each new offer, and a push message for each browser that wants those about holds.

    They are not sent once the offer is over.
    """
    offers = [(entry, entry.booking) for entry in entries if entry.booking]
    write_many(
        NewMessage(
            kind=OFFER,
            key=f"{OFFER}:{entry.pk}",
            user=entry.user_id,
            show_id=entry.show_id,
            booking_id=booking.pk,
            data={"entry": entry.pk},
            expires_at=booking.expires_at,
        )
        for entry, booking in offers
    )
    events = [
        Event(
            kind=PUSH_OFFER,
            key=f"{PUSH_OFFER}:{entry.pk}",
            user_id=entry.user_id,
            show_id=entry.show_id,
            booking_id=booking.pk,
            data={"entry": entry.pk},
            expires_at=booking.expires_at,
        )
        for entry, booking in offers
    ]
    write_events(events, topic=Topic.HOLD)


def write_over(entries: Iterable[Entry], show: Show, why: str) -> None:
    """One mail to each person whose wait ends because the list is closed."""
    write_many(
        NewMessage(
            kind=OVER,
            key=f"{OVER}:{entry.pk}",
            user=entry.user_id,
            show_id=show.pk,
            data={"entry": entry.pk, "why": why},
            expires_at=show.starts_at,
        )
        for entry in entries
    )


def write_moved(entries: Iterable[Entry], show: Show, moved_from: str) -> None:
    """One mail to each person in line of a show that was moved."""
    write_many(
        NewMessage(
            kind=MOVED,
            key=f"{MOVED}:{entry.pk}:{show.starts_at.isoformat()}:{moved_from}",
            user=entry.user_id,
            show_id=show.pk,
            data={"entry": entry.pk, "from": moved_from},
            expires_at=show.starts_at,
        )
        for entry in entries
    )


def write_confirm(*, address: str, show: Show, party: Party, key: str) -> None:
    """The mail that proves a visitor's address, before they get a place in line."""
    write(
        CONFIRM,
        key=f"{CONFIRM}:{key}",
        address=address,
        show_id=show.pk,
        data=party._asdict(),
        expires_at=show.starts_at,
    )

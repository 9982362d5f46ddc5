"""The waiting list in tests."""

from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from bookings.integrity.checks import RULES
from bookings.models import Booking
from bookings.waiting_list import services
from bookings.waiting_list.choosing import Party
from bookings.waiting_list.models import Entry
from shows.models import Show

from .factories import make_booking, make_user


def join(
    show: Show,
    *,
    user: User | None = None,
    seats: int = 1,
    together: bool = True,
    wheelchair: bool = False,
) -> Entry:
    """A place in the line of a show, for a new person or `user`."""
    party = Party(seats, together, wheelchair)
    return services.join(user=user or make_user(), show_id=show.pk, party=party)


def sell_out(show: Show) -> Booking:
    """Sell all seats of a small show to one person."""
    return make_booking(show, show.seats.values_list("label", flat=True))


def offer_to(entry: Entry) -> Booking:
    """The offer of a place in line. Raises AssertionError if there is none."""
    entry.refresh_from_db()
    assert entry.state == Entry.State.OFFERED, entry.state
    assert entry.booking is not None
    return entry.booking


def line_of(show: Show) -> list[Entry]:
    """Who waits at a show, the next one first."""
    return list(Entry.objects.filter(show=show, state=Entry.State.WAITING).order_by("pk"))


def lapse_under_lock(booking: Booking) -> None:
    """Move a hold's end into the past while other threads work, with locks in the usual order."""
    with transaction.atomic():
        Show.objects.select_for_update(no_key=True).get(pk=booking.show_id)
        Booking.objects.filter(pk=booking.pk, status=Booking.Status.PENDING).update(
            created_at=timezone.now() - timedelta(hours=1), expires_at=timezone.now()
        )


def breaches() -> list[str]:
    """The breaches of every invariant, also inside the transaction of a test."""
    found = []
    with connection.cursor() as cursor:
        for rule, query in RULES.items():
            cursor.execute(query)
            found += [f"{rule}: {where}" for (where,) in cursor.fetchall()]
    return found

"""An account takes the bookings that its owner made as a guest (docs/spec.md §19.5).

Never by an address alone: anybody can type anybody's address into a guest's form, or open an
account with it. The proof is a mail that was read. Either the account's email is confirmed and is
the guest's, or the guest's mailed link was opened in this session.
"""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.http import HttpRequest

from accounts.guests.session import GUEST, LINKED, PROVED
from accounts.models import User
from accounts.outbox.models import Message
from accounts.services import lock_address
from bookings.archive.models import ArchivedBooking
from bookings.errors import ShowBusy
from bookings.locks import lock_bookings, lock_people, lock_show
from bookings.models import Booking
from bookings.payments.locks import lock_orders
from bookings.payments.models import Order
from bookings.waiting_list.models import Entry
from bookmyshow.core.db.transactions import lock_timeout_raises
from bookmyshow.core.email_key import email_key
from bookmyshow.core.observability.security_log import log_event

from .proof import is_proved, proved_ids

BOUGHT = Q(status__in=[Booking.Status.CONFIRMED, Booking.Status.CANCELLED])
#: A live hold is not claimed: it moved to the account at the log-in, or is still being chosen.
OVER_OR_SOLD = ~Q(status=Booking.Status.PENDING)


@dataclass(frozen=True, slots=True)
class Claimable:
    """Bookings that an account may take: those made as a guest with one email."""

    email: str
    bookings: int


def claimable(request: HttpRequest, account: User) -> list[Claimable]:
    """What this account may take, by email. Empty in most cases, after one statement."""
    counts: dict[str, int] = {}
    for guest in proved_guests(request, account):
        bought = Booking.objects.filter(BOUGHT, user=guest).count()
        bought += ArchivedBooking.objects.filter(BOUGHT, user=guest).count()
        email = email_key(guest.email)
        counts[email] = counts.get(email, 0) + bought
    return [Claimable(email, bookings) for email, bookings in sorted(counts.items()) if bookings]


def proved_guests(request: HttpRequest, account: User) -> list[User]:
    """The guests whose address this account's owner has proved, by id."""
    wanted = Q(email_folded=email_key(account.email)) | Q(pk__in=proved_ids(request))
    # The conditions of the index user_email_of_guests.
    guests = User.objects.filter(~Q(email=""), is_guest=True).alias(email_folded=Lower("email"))
    return [
        guest
        for guest in guests.filter(wanted).order_by("pk")
        if is_proved(request, guest) or _has_confirmed_email_of(account, guest)
    ]


def _has_confirmed_email_of(account: User, guest: User) -> bool:
    is_same = email_key(account.email) == email_key(guest.email)
    return account.email_confirmed_at is not None and is_same


def claim(request: HttpRequest, account: User) -> int:
    """Give the account all that it may claim; returns how many tickets and cancelled bookings.

    One transaction for each show, so a failure in between loses nothing: the rest can be claimed
    again. Raises ShowBusy.
    """
    guests = proved_guests(request, account)
    ids = [guest.pk for guest in guests]
    bookings = Booking.objects.filter(OVER_OR_SOLD, user__in=ids)
    places = Entry.objects.filter(user__in=ids)
    shows = {*bookings.values_list("show", flat=True), *places.values_list("show", flat=True)}
    claimed = sum(_claim_show(show_id, ids, account) for show_id in sorted(shows))
    claimed += _claim_archive(ids, account)
    _forget(request, ids)
    if claimed:
        log_event("guest claim", request=request, account=account.email, bookings=claimed)
    return claimed


def _claim_show(show_id: int, guests: list[int], account: User) -> int:
    """Move all at one show, under the locks of docs/spec.md §4.2. Returns how many were bought."""
    with lock_timeout_raises(ShowBusy), transaction.atomic():
        lock_people(*guests, account.pk)
        lock_show(show_id)
        locked = lock_bookings(show_id, OVER_OR_SOLD & Q(user__in=guests))
        moved = [booking.pk for booking in locked]
        lock_orders(show_id, Q(booking__in=moved))
        if lock_address(account.pk) is None:
            return 0
        # The account may have used the same key. These requests are over, so nobody repeats them.
        Booking.objects.filter(show=show_id, pk__in=moved).update(
            user=account, idempotency_key=None, idempotency_hash=""
        )
        Order.objects.filter(show=show_id, booking__in=moved).update(user=account)
        # What waits goes to the account's address.
        of_bookings = Q(booking__in=moved) | Q(booking=None, show=show_id)
        Message.objects.filter(of_bookings, user__in=guests).update(user=account)
        _claim_places(show_id, guests, account)
    ended_holds = sum(booking.status == Booking.Status.FAILED for booking in locked)
    return len(moved) - ended_holds


def _claim_places(show_id: int, guests: list[int], account: User) -> None:
    """Move places in the waiting list, under the show's lock. They keep their order.

    A person has one live place at a show. A second one stays the guest's, as an offer does with its
    hold.
    """
    has_place = Entry.objects.live().filter(show=show_id, user=account).exists()
    theirs = Entry.objects.filter(show=show_id, user__in=guests)
    for place in theirs.exclude(state=Entry.State.OFFERED).order_by("pk"):
        is_live = place.state == Entry.State.WAITING
        if not (is_live and has_place):
            Entry.objects.filter(show=show_id, pk=place.pk).update(user=account)
            has_place |= is_live


def _claim_archive(guests: list[int], account: User) -> int:
    """Move the archived bookings, which nobody changes any more, and their orders."""
    with transaction.atomic():
        archived = ArchivedBooking.objects.filter(user__in=guests)
        moved = list(archived.values_list("pk", flat=True))
        bought = archived.filter(BOUGHT).count()
        # Nobody else locks two of these orders: their shows are over.
        for show_id in sorted(set(archived.values_list("show_id", flat=True))):
            lock_orders(show_id, Q(booking__in=moved))
        if lock_address(account.pk) is None:
            return 0
        Order.objects.filter(booking__in=moved).update(user=account)
        archived.update(user=account)
    return bought


def _forget(request: HttpRequest, guests: list[int]) -> None:
    """These guests have nothing more in this session, except a hold that is still being chosen."""
    if Booking.objects.filter(user__in=guests).exists():
        return
    session = request.session
    session[PROVED] = [known for known in session.get(PROVED, ()) if known[0] not in guests]
    session[LINKED] = [known for known in session.get(LINKED, ()) if known not in guests]
    if session.get(GUEST) in guests:
        del session[GUEST]

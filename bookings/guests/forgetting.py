"""Forgets guests who bought nothing, with their holds that ended (docs/spec.md §19.6)."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, ManyToOneRel, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.outbox.models import WAITING, Message
from accounts.push.models import Subscription
from bookings.locks import lock_people_if_free
from bookings.models import Booking

#: Guests in one transaction.
BATCH = 500


def forget_guests() -> int:
    """Delete guests whose session is over and who left nothing that lasts; returns how many.

    Small transactions, one after the other. A guest who is in use at this moment is skipped.
    """
    begun_before = timezone.now() - timedelta(days=1, seconds=settings.SESSION_COOKIE_AGE)
    old = User.objects.filter(is_guest=True, created_at__lt=begun_before)
    old = old.order_by("created_at", "pk")
    forgotten, rest = 0, old
    while page := list(rest.values_list("created_at", "pk")[:BATCH]):
        forgotten += _forget([pk for _, pk in page])
        begun, last = page[-1]
        rest = old.filter(Q(created_at__gt=begun) | Q(created_at=begun, pk__gt=last))
    return forgotten


def _forget(guests: list[int]) -> int:
    with transaction.atomic():
        # Who holds or confirms seats at this moment has this lock. What was committed before is
        # seen by the next statement.
        locked = lock_people_if_free(guests)
        idle = list(without_traces(User.objects.filter(pk__in=locked)).values_list("pk", flat=True))
        # Messages and subscriptions go with their person. The holds have ended (`_lasting`).
        Booking.objects.filter(user__in=idle).delete()
        User.objects.filter(pk__in=idle).delete()
    return len(idle)


def without_traces(people: QuerySet[User]) -> QuerySet[User]:
    """The people that no row refers to, except rows that are deleted together with a guest.

    Every foreign key to a person counts, also one that is added later.
    """
    for relation in User._meta.get_fields(include_hidden=True):
        if isinstance(relation, ManyToOneRel):
            of_person = {relation.field.name: OuterRef("pk")}
            rows = relation.related_model._default_manager.filter(**of_person)
            people = people.exclude(Exists(_lasting(rows)))
    return people


def _lasting(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The rows that keep a guest: all, but holds that ended, messages that don't wait, and where a
    browser gets push messages."""
    if rows.model is Booking:
        return rows.exclude(status=Booking.Status.FAILED)
    if rows.model is Message:
        return rows.filter(WAITING)
    return rows.none() if rows.model is Subscription else rows

"""Who waits for seats of a sold-out show (docs/spec.md §20)."""

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from accounts.models import User
from bookings.models import Booking
from bookmyshow.core.db.in_show import OfShow, OneToOneInShow
from shows.models import LONG_COLUMNS, Show

from .choosing import Party


class EntryQuerySet(models.QuerySet["Entry"]):
    def live(self) -> "EntryQuerySet":
        """Entries that wait, or have an offer."""
        return self.filter(state__in=[Entry.State.WAITING, Entry.State.OFFERED])

    def with_show(self) -> "EntryQuerySet":
        """With show, film, screen, cinema and offer, but without the show's long columns."""
        found = self.select_related("show__movie", "show__screen__cinema", "booking")
        return found.defer(*(f"show__{name}" for name in LONG_COLUMNS))

    def in_line(self, show_id: int) -> "EntryQuerySet":
        """Entries that can get an offer now, the next one first.

        A person who holds seats at the show gets none until that hold is over, and keeps the place.
        So does a person whose account is switched off.
        """
        hold = Booking.objects.filter(
            user=OuterRef("user"), show=show_id, status=Booking.Status.PENDING
        )
        waiting = self.filter(show=show_id, state=Entry.State.WAITING, user__is_active=True)
        return waiting.exclude(Exists(hold)).order_by("pk")


class Entry(OfShow):
    """One person's place in the line of a show. Lower ids come first.

    An offer is a hold: `booking` is PENDING, and `is_offer` is set. `booking` is empty for a person
    who never had an offer.
    """

    class State(models.TextChoices):
        WAITING = "WAITING", "Waiting"
        OFFERED = "OFFERED", "Has an offer"
        TAKEN = "TAKEN", "Bought seats"
        PASSED = "PASSED", "Did not take the offer"
        LEFT = "LEFT", "Left the list"
        CLOSED = "CLOSED", "The list was closed"

    show = models.ForeignKey(Show, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    seats = models.PositiveSmallIntegerField()
    together = models.BooleanField(help_text="Only seats side by side.")
    wheelchair = models.BooleanField(help_text="One of the seats is a wheelchair place.")
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    booking = OneToOneInShow(
        Booking, on_delete=models.CASCADE, null=True, blank=True, related_name="waiting_entry"
    )
    created_at = models.DateTimeField(db_default=Now())
    offered_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering = ("show", "pk")
        verbose_name = "place in line"
        verbose_name_plural = "places in line"
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(
                fields=("show", "user"),
                condition=Q(state__in=["WAITING", "OFFERED"]),
                name="entry_live_once",
            ),
            models.CheckConstraint(condition=Q(seats__gt=0), name="entry_seats_not_zero"),
            models.CheckConstraint(
                condition=Q(state="WAITING", booking=None, offered_at=None, ended_at=None)
                | Q(
                    state="OFFERED",
                    booking__isnull=False,
                    offered_at__isnull=False,
                    ended_at=None,
                )
                | Q(state="PASSED", booking__isnull=False, ended_at__isnull=False)
                | Q(state__in=["TAKEN", "LEFT", "CLOSED"], ended_at__isnull=False),
                name="entry_state_fits",
            ),
        )
        indexes = (
            models.Index(fields=("show", "id"), condition=Q(state="WAITING"), name="entry_waiting"),
        )

    def __str__(self) -> str:
        return f"Place {self.pk}: {self.wish}"

    @property
    def wish(self) -> str:
        """What the person waits for: "2 seats together"."""
        return self.party.words

    @property
    def party(self) -> Party:
        return Party(self.seats, self.together, self.wheelchair)

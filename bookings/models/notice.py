"""Notices: mails about shows and money that wait to be sent."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import User
from shows.models import LONG_COLUMNS, Show

from .booking import Booking


class NoticeQuerySet(models.QuerySet["Notice"]):
    def with_person_and_show(self) -> "NoticeQuerySet":
        """With the person and the show, but without the show's long columns."""
        found = self.select_related("user", "show__movie", "show__screen__cinema")
        return found.defer(*(f"show__{name}" for name in LONG_COLUMNS))

    def waiting(self) -> "NoticeQuerySet":
        """Mails that are neither sent nor given up."""
        return self.filter(sent_at=None, given_up_at=None)

    def due(self, *, at: datetime) -> "NoticeQuerySet":
        """Waiting mails whose next try is due at `at`, and that no sender has claimed.

        The mail of a hold is due only after the hold is confirmed.
        """
        free = Q(claimed_until=None) | Q(claimed_until__lte=at)
        wanted = Q(hold=None) | Q(hold__status=Booking.Status.CONFIRMED)
        return self.waiting().filter(free, wanted, next_try_at__lte=at)

    def of_lost_holds(self) -> "NoticeQuerySet":
        """Waiting mails whose hold ended, or whose ticket was cancelled: they are not needed.

        A lapsed hold counts only after a sweep wrote FAILED. Until then a confirmation of it may
        still be running.
        """
        return self.waiting().filter(
            hold__status__in=[Booking.Status.FAILED, Booking.Status.CANCELLED]
        )

    def moves(self) -> "NoticeQuerySet":
        """Mails that say that a show was moved."""
        return self.filter(kind=Notice.Kind.SHOW_MOVED)

    def in_state(self, state: str) -> "NoticeQuerySet":
        """Mails in this state, a value of Notice.State."""
        if state == Notice.State.WAITING:
            return self.waiting()
        return self.exclude(**{NOTICE_MOMENTS[Notice.State(state)]: None})


class Notice(models.Model):
    """A mail about a show or about money, written in the transaction of the change, sent later.

    `change` is an id. All mails to people with tickets about one change of a show have the same id;
    the mail of a hold has an id of its own. The id of a mail about money is made from the payment
    or refund. One person gets at most one mail with the same id.
    """

    class Kind(models.TextChoices):
        SHOW_CANCELLED = "show-cancelled", "Show cancelled"
        SHOW_MOVED = "show-moved", "Show moved"
        TICKET_PAID = "ticket-paid", "Ticket paid"
        MONEY_BACK = "money-back", "Late or surplus money goes back"
        REFUNDED = "refunded", "Money given back"
        PAYMENT_REFUSED = "payment-refused", "Payment refused after all"
        BOOKING_CANCELLED = "booking-cancelled", "Booking cancelled by staff"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        GIVEN_UP = "given-up", "Given up"

    kind = models.CharField(max_length=20, choices=Kind)
    change = models.UUIDField()
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    show = models.ForeignKey(Show, on_delete=models.PROTECT, related_name="+")
    hold = models.ForeignKey(
        Booking,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="notices",
        help_text="A hold: the mail is sent once it is a ticket, and dropped if it never is one.",
    )
    detail = models.JSONField(help_text="What the mail says beyond the show as it is now.")
    created_at = models.DateTimeField(db_default=Now())
    next_try_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    # The sender that claimed the mail has it until this time; others skip it.
    claimed_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    given_up_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=200, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("change", "user"), name="notice_once_per_change_and_person"
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "show-cancelled",
                        "show-moved",
                        "ticket-paid",
                        "money-back",
                        "refunded",
                        "payment-refused",
                        "booking-cancelled",
                    ]
                ),
                name="notice_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(sent_at=None) | Q(given_up_at=None), name="notice_sent_or_given_up"
            ),
        )
        indexes = (
            models.Index(
                fields=("next_try_at",), condition=Q(sent_at__isnull=True), name="notice_due"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, to person {self.user_id}"

    @property
    def state(self) -> "Notice.State":
        if self.sent_at:
            return self.State.SENT
        return self.State.GIVEN_UP if self.given_up_at else self.State.WAITING


NOTICE_MOMENTS = {Notice.State.SENT: "sent_at", Notice.State.GIVEN_UP: "given_up_at"}

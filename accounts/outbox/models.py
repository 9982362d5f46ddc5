"""Messages to people: mails and push messages that are written with a change and sent later."""

from datetime import datetime

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Now

from accounts.models import User

LONGEST_KIND, LONGEST_KEY, LONGEST_ERROR = 32, 160, 200


class Channel(models.TextChoices):
    MAIL = "mail", "Mail"
    PUSH = "push", "Push message"


class Priority(models.IntegerChoices):
    #: Tickets, log-in and reset mails, offers that lapse.
    FIRST = 0, "First"
    #: Money, and changes of shows.
    NORMAL = 1, "Normal"
    #: Reminders, and what somebody asked to be told.
    LAST = 2, "Last"


class State(models.TextChoices):
    WAITING = "waiting", "Waiting"
    SENT = "sent", "Sent"
    GIVEN_UP = "given-up", "Given up"
    DROPPED = "dropped", "Not needed any more"
    HANDLED = "handled", "Handled by staff"


#: The field that is set in each state. A waiting message has none of them.
ENDS = {
    State.SENT: "sent_at",
    State.GIVEN_UP: "given_up_at",
    State.DROPPED: "dropped_at",
    State.HANDLED: "handled_at",
}
WAITING = Q(**dict.fromkeys(ENDS.values()))


class MessageQuerySet(models.QuerySet["Message"]):
    def waiting(self) -> "MessageQuerySet":
        """Messages that are still to be sent, now or later."""
        return self.filter(WAITING)

    def due(self, *, at: datetime, channel: str) -> "MessageQuerySet":
        """Waiting messages whose next try is due at `at`, and that no sender has claimed."""
        free = Q(claimed_until=None) | Q(claimed_until__lte=at)
        return self.waiting().filter(free, channel=channel, next_try_at__lte=at)

    def in_state(self, state: str) -> "MessageQuerySet":
        """Messages in this state, a value of State."""
        if state == State.WAITING:
            return self.waiting()
        return self.exclude(**{ENDS[State(state)]: None})


class MessageKey(models.Model):
    """The key of a message. Two triggers keep this table equal to the keys of all messages.

    Messages are partitioned by month, and a unique index of theirs would have to have the month.
    So the database looks here for a key (migration 0002).
    """

    key = models.CharField(max_length=LONGEST_KEY, primary_key=True)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.key


class Message(models.Model):
    """One message about one event to one person (docs/spec.md §12.3).

    `key` names the event and the person. The database leaves out a message whose key exists
    (`MessageKey`), so write messages with `services.write`. The table is partitioned by
    `created_at`, a month each. `data` has what the message says beyond the rows it is about. It has
    no tokens and no links with tokens: those are made when the message is sent. `show` and
    `booking` are plain ids, because the tables of shows and bookings belong to apps above this one.
    """

    channel = models.CharField(max_length=8, choices=Channel, db_default=Channel.MAIL)
    kind = models.CharField(max_length=LONGEST_KIND)
    key = models.CharField(max_length=LONGEST_KEY)
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, blank=True, related_name="messages"
    )
    address = models.CharField(
        max_length=254,
        blank=True,
        db_default="",
        help_text="Empty: the person's address at the moment of sending.",
    )
    show = models.BigIntegerField(null=True, blank=True)
    booking = models.BigIntegerField(null=True, blank=True)
    data = models.JSONField(db_default=Value({}, models.JSONField()), default=dict, blank=True)
    priority = models.PositiveSmallIntegerField(choices=Priority, db_default=Priority.FIRST)
    created_at = models.DateTimeField(db_default=Now())
    # When it was to be sent first. It is given up some days later.
    due_at = models.DateTimeField(db_default=Now())
    next_try_at = models.DateTimeField(db_default=Now())
    # After this time the message is dropped, not sent: a reminder after the show.
    expires_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(db_default=0)
    # The sender that claimed the message has it until this time; others skip it.
    claimed_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    given_up_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)
    handled_at = models.DateTimeField(null=True, blank=True)
    handled_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Why the last try failed, or why the message was dropped.
    last_error = models.CharField(max_length=LONGEST_ERROR, blank=True, db_default="")

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(
                condition=Q(channel__in=Channel.values), name="message_channel_known"
            ),
            models.CheckConstraint(
                condition=Q(priority__in=Priority.values), name="message_priority_known"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    models.lookups.LessThanOrEqual(
                        models.Func(
                            *map(models.F, ENDS.values()),
                            function="num_nonnulls",
                            output_field=models.IntegerField(),
                        ),
                        1,
                    )
                ),
                name="message_ends_once",
            ),
        )
        indexes = (
            # The order in which messages are claimed.
            models.Index(
                fields=("channel", "priority", "next_try_at", "id"),
                condition=WAITING,
                name="message_due",
            ),
            models.Index(
                fields=("given_up_at",),
                condition=Q(given_up_at__isnull=False),
                name="message_given_up",
            ),
            models.Index(fields=("show",), condition=Q(show__isnull=False), name="message_show"),
            models.Index(
                fields=("booking",), condition=Q(booking__isnull=False), name="message_booking"
            ),
            models.Index(fields=("created_at",), name="message_created_at"),
        )

    def __str__(self) -> str:
        return f"{self.kind}, to person {self.user_id}" if self.user_id else self.kind

    @property
    def state(self) -> State:
        ended = (state for state, field in ENDS.items() if getattr(self, field))
        return next(ended, State.WAITING)

    @property
    def recipient(self) -> str:
        """The address that the message goes to now. Empty if there is none."""
        return self.address or (self.user.email if self.user else "")

"""On-sales, and who waits for them (docs/spec.md §24)."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now

from accounts.models import User
from bookmyshow.core.templatetags.formatting import dated_moment
from movies.models import LONG_COLUMNS, Movie
from shows.models import Show

from .lottery import SEED_BYTES, Draw

#: The largest rate, and the largest cap.
MOST_A_MINUTE, MOST_ACTIVE = 60_000, 100_000


class OnSaleQuerySet(models.QuerySet["OnSale"]):
    def on(self) -> "OnSaleQuerySet":
        """On-sales that are switched on; a closed one is on too, and refuses everybody."""
        return self.exclude(mode=OnSale.Mode.OFF)

    def admitting(self) -> "OnSaleQuerySet":
        """On-sales that people can join, before or after the opening."""
        return self.filter(mode__in=[OnSale.Mode.FIFO, OnSale.Mode.LOTTERY])

    def with_coming_shows(self, *, at: datetime) -> "OnSaleQuerySet":
        """On-sales that have a show which has not begun at `at`."""
        coming = Show.objects.upcoming(at=at).order_by()
        return self.filter(Exists(coming.filter(on_sale=OuterRef("pk"))))

    def with_names(self) -> "OnSaleQuerySet":
        """With the film or the show, and its place, without their long columns."""
        found = self.select_related("movie", "show__movie", "show__screen__cinema")
        long = [f"movie__{name}" for name in LONG_COLUMNS]
        shows = ("screen__seating_plan", *long)
        return found.defer(*long, *(f"show__{name}" for name in shows))


class OnSale(models.Model):
    """The opening of the sale of a film or of one show, with a waiting room before it.

    While it is on, its shows have its id in `Show.on_sale`, and a hold there needs a pass. The
    draw is final: a trigger refuses to change it (migration 0001).
    """

    class Mode(models.TextChoices):
        OFF = "OFF", "Off: no waiting room"
        FIFO = "FIFO", "First come, first served"
        LOTTERY = "LOTTERY", "Lottery among those who come before the opening"
        CLOSED = "CLOSED", "Closed: nobody can hold seats"

    movie = models.ForeignKey(
        Movie, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    show = models.ForeignKey(
        Show, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    mode = models.CharField(max_length=7, choices=Mode, default=Mode.LOTTERY)
    prequeue_from = models.DateTimeField(help_text="From this time on people can join.")
    opens_at = models.DateTimeField(help_text="The draw, and the first people are let in.")
    rate = models.PositiveIntegerField(
        help_text="People let in each minute.",
        validators=[MinValueValidator(1), MaxValueValidator(MOST_A_MINUTE)],
    )
    active_cap = models.PositiveIntegerField(
        help_text="People who may choose seats at the same time.",
        validators=[MinValueValidator(1), MaxValueValidator(MOST_ACTIVE)],
    )
    scheduled_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    drawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    seed = models.BinaryField(default=b"", max_length=SEED_BYTES, editable=False)
    early = models.PositiveIntegerField(
        null=True, editable=False, help_text="The last number that takes part in the draw."
    )
    called_upto = models.PositiveIntegerField(
        default=0, editable=False, help_text="The last turn that was called."
    )
    #: The rate is used up to this moment: each person who is called moves it on by 1/rate minutes.
    #: The time from here to now is what the rate still allows.
    credited_to = models.DateTimeField(null=True, editable=False)
    #: When `admission.admit` last ran for this on-sale, or staff switched it.
    looked_at = models.DateTimeField(null=True, editable=False)

    objects = OnSaleQuerySet.as_manager()

    class Meta:
        ordering = ("-opens_at", "-pk")
        verbose_name = "on-sale"
        default_permissions = ("view",)
        permissions = (("run_on_sale", "Can schedule an on-sale, and switch it"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(movie=None, show__isnull=False) | Q(movie__isnull=False, show=None),
                name="on_sale_of_a_film_or_a_show",
            ),
            models.CheckConstraint(
                condition=Q(prequeue_from__lte=F("opens_at")),
                name="on_sale_prequeue_before_opening",
            ),
            models.CheckConstraint(
                condition=Q(rate__gt=0, active_cap__gt=0), name="on_sale_lets_people_in"
            ),
            models.CheckConstraint(
                condition=Q(mode__in=["OFF", "FIFO", "LOTTERY", "CLOSED"]),
                name="on_sale_mode_known",
            ),
            models.CheckConstraint(
                condition=Q(drawn_at=None, early=None, credited_to=None, seed=b"", called_upto=0)
                | Q(drawn_at__isnull=False, early__isnull=False, credited_to__isnull=False),
                name="on_sale_draw_complete",
            ),
            models.UniqueConstraint(
                fields=("movie",), condition=~Q(mode="OFF"), name="on_sale_one_for_a_film"
            ),
            models.UniqueConstraint(
                fields=("show",), condition=~Q(mode="OFF"), name="on_sale_one_for_a_show"
            ),
        )

    def __str__(self) -> str:
        return f"On-sale of {self.name}"

    def get_absolute_url(self) -> str:
        return room_path(self.pk)

    @property
    def name(self) -> str:
        """The film, or the film and the time of the one show."""
        if self.show:
            return f"{self.show.movie.title}, {dated_moment(self.show.local_start)}"
        assert self.movie  # the constraint on_sale_of_a_film_or_a_show
        return self.movie.title

    @property
    def is_lottery(self) -> bool:
        """Whether turns were drawn. False before the draw."""
        return bool(self.seed)

    def turn_of(self, number: int) -> int | None:
        """The turn of the person with this arrival number; None before the draw."""
        if self.early is None:
            return None
        if self.is_lottery and number <= self.early:
            return Draw(bytes(self.seed), self.early).turn_of(number)
        return number


def room_path(on_sale_id: int) -> str:
    """The address of the waiting room, without the site."""
    return f"/waiting-room/{on_sale_id}/"


class Arrivals(models.Model):
    """The arrival numbers of an on-sale: a row of its own, because the leader locks OnSale."""

    on_sale = models.OneToOneField(
        OnSale, on_delete=models.CASCADE, primary_key=True, related_name="arrivals"
    )
    last = models.PositiveIntegerField(default=0)
    early = models.PositiveIntegerField(
        default=0, help_text="The last number that was given before the opening."
    )

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.last} arrivals"


class PlaceQuerySet(models.QuerySet["Place"]):
    def active(self) -> "PlaceQuerySet":
        """People who are let in: called, and their time is not over."""
        return self.filter(called_at__isnull=False, done_at=None)

    def in_line(self) -> "PlaceQuerySet":
        """People who wait and have a turn, the next one first."""
        return self.filter(called_at=None, turn__isnull=False).order_by("turn")


class Place(models.Model):
    """One person's place in the waiting room. Joining again after its end gives a new number.

    `turn` is empty until the draw. Only the leader calls people and ends places.
    """

    class Outcome(models.TextChoices):
        BOUGHT = "BOUGHT", "Bought tickets"
        LAPSED = "LAPSED", "Did not come when it was their turn"
        EXPIRED = "EXPIRED", "Used up the time"

    on_sale = models.ForeignKey(
        OnSale, on_delete=models.CASCADE, related_name="places", db_index=False
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField(help_text="The order of arrival.")
    turn = models.PositiveIntegerField(null=True, help_text="The order of admission.")
    joined_at = models.DateTimeField(db_default=Now())
    called_at = models.DateTimeField(null=True, blank=True)
    entered_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=7, choices=Outcome, blank=True, db_default="")

    objects = PlaceQuerySet.as_manager()

    class Meta:
        ordering = ("on_sale", "number")
        verbose_name = "place in the waiting room"
        verbose_name_plural = "places in the waiting room"
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(fields=("on_sale", "user"), name="place_one_an_account"),
            models.UniqueConstraint(fields=("on_sale", "number"), name="place_number_once"),
            models.UniqueConstraint(fields=("on_sale", "turn"), name="place_turn_once"),
            models.CheckConstraint(condition=Q(number__gt=0), name="place_number_from_1"),
            models.CheckConstraint(
                condition=Q(called_at=None) | Q(turn__isnull=False), name="place_called_by_turn"
            ),
            models.CheckConstraint(
                condition=Q(entered_at=None) | Q(called_at__isnull=False),
                name="place_entered_after_call",
            ),
            models.CheckConstraint(
                condition=Q(done_at=None, outcome="")
                | Q(done_at__isnull=False, called_at__isnull=False) & ~Q(outcome=""),
                name="place_outcome_at_the_end",
            ),
        )
        indexes = (
            models.Index(fields=("on_sale",), condition=Q(turn=None), name="place_without_turn"),
            models.Index(
                fields=("on_sale", "turn"),
                condition=Q(called_at=None, turn__isnull=False),
                name="place_in_line",
            ),
            models.Index(
                fields=("on_sale",),
                condition=Q(called_at__isnull=False, done_at=None),
                name="place_active",
            ),
        )

    def __str__(self) -> str:
        return f"Place {self.number}"

    @property
    def pass_ends_at(self) -> datetime | None:
        """When the pass ends; None before the person has entered."""
        return self.entered_at and self.entered_at + pass_time()

    @property
    def call_ends_at(self) -> datetime | None:
        """Until when the person must enter; None before the call."""
        return self.called_at and self.called_at + call_time()


def call_time() -> timedelta:
    """How long a person who is called may take to come."""
    return timedelta(minutes=settings.ON_SALE_CALL_MINUTES)


def pass_time() -> timedelta:
    """How long a person who came may choose seats."""
    return timedelta(minutes=settings.ON_SALE_PASS_MINUTES)

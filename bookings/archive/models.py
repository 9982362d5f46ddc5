"""Archived shows and their bookings.

The two tables are partitioned by the quarter in which the show began (migration 0001). Seats of an
archived show never change, so the show's row stores all of them in one JSON value. A cinema chain's
year then needs 44,000 rows (one for each show) instead of nine million (one for each seat).
"""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse

from accounts.models import User
from bookings.models import Booking
from movies.models import Movie
from shows.models import LONG_COLUMNS, Screen, Show


class ArchivedShow(models.Model):
    """A copy of a show, made when it was archived. It has the id of the original."""

    id = models.BigIntegerField(primary_key=True)
    movie = models.ForeignKey(Movie, on_delete=models.PROTECT, related_name="+")
    screen = models.ForeignKey(Screen, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    busy_until = models.DateTimeField()
    format = models.CharField(max_length=20)
    language = models.CharField(max_length=40, blank=True)
    standard_price = models.DecimalField(max_digits=8, decimal_places=2)
    premium_price = models.DecimalField(max_digits=8, decimal_places=2)
    total_seats = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=Show.Status)
    seats = models.JSONField(help_text="[label, type, wheelchair, x, y, booking's id], in order.")
    notices = models.JSONField(help_text="Mails about changes that were sent.")
    archived_at = models.DateTimeField()

    class Meta:
        ordering = ("-starts_at", "-id")

    def __str__(self) -> str:
        return f"{self.movie.title}, {self.local_start:%d %b %Y %H:%M}, {self.screen}"

    @property
    def local_start(self) -> datetime:
        return self.starts_at.astimezone(self.screen.cinema.tz)

    @property
    def currency(self) -> str:
        """The currency of its prices, which is the cinema's."""
        return self.screen.cinema.currency


class ArchivedBookingQuerySet(models.QuerySet["ArchivedBooking"]):
    def of(self, *people: User) -> "ArchivedBookingQuerySet":
        """The archived bookings of these people, with their shows."""
        return self.filter(user__in=people).with_show()

    def with_show(self) -> "ArchivedBookingQuerySet":
        """Also read the show, its film and its cinema.

        Large columns (seats, notices, long texts) are deferred, because a list does not show them.
        """
        bookings = self.select_related("show__movie", "show__screen__cinema")
        large = ("seats", "notices", *LONG_COLUMNS)
        return bookings.defer(*(f"show__{name}" for name in large))


class ArchivedBooking(models.Model):
    """A copy of a booking, made when its show was archived. Its id and reference are unchanged."""

    id = models.BigIntegerField(primary_key=True)
    reference = models.CharField(max_length=15, db_collation="C")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="archived_bookings")
    show = models.ForeignKey(ArchivedShow, on_delete=models.PROTECT, related_name="bookings")
    starts_at = models.DateTimeField(help_text="The show's, by which the table is partitioned.")
    total_seats = models.PositiveSmallIntegerField()
    total_amount = models.DecimalField(max_digits=10, decimal_places=2)
    seats = ArrayField(models.CharField(max_length=11))
    seat_prices = ArrayField(models.DecimalField(max_digits=8, decimal_places=2))
    status = models.CharField(max_length=9, choices=Booking.Status)
    ended_reason = models.CharField(max_length=8, choices=Booking.EndedReason, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()
    admitted_at = models.DateTimeField(null=True, help_text="When the door let its people in.")

    objects = ArchivedBookingQuerySet.as_manager()

    class Meta:
        ordering = ("-starts_at", "-id")

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("bookings:booking", args=[self.reference])

"""People who want to be told when a film can be booked (docs/spec.md §22)."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import User
from movies.models import LONG_COLUMNS, Movie
from shows.models import Cinema

WAITING = Q(confirmed_at__isnull=False, told_at__isnull=True)


class FilmWishQuerySet(models.QuerySet["FilmWish"]):
    def waiting(self) -> "FilmWishQuerySet":
        """Confirmed wishes of people who have not been told yet."""
        return self.filter(WAITING)

    def with_film(self) -> "FilmWishQuerySet":
        """With person and film, without the film's long columns."""
        films = self.select_related("user", "movie")
        return films.defer(*(f"movie__{name}" for name in LONG_COLUMNS))


class FilmWish(models.Model):
    """One person's wish to be told, once, when the first show of a film can be booked.

    A visitor without an account is a guest (`accounts.guests`) with the given address. A wish
    counts from `confirmed_at`: the address is known to be the person's, or a mailed link was
    followed.
    """

    movie = models.ForeignKey(Movie, on_delete=models.CASCADE, related_name="wishes")
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="film_wishes", db_index=False
    )
    city = models.CharField(
        max_length=Cinema._meta.get_field("city").max_length,
        blank=True,
        help_text="Tell me when the film can be booked in this city. Empty: in any.",
    )
    created_at = models.DateTimeField(db_default=Now())
    confirmed_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)

    objects = FilmWishQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=("user", "movie"), name="film_wish_once"),
            models.CheckConstraint(
                condition=Q(told_at__isnull=True) | Q(confirmed_at__isnull=False),
                name="film_wish_told_after_confirmation",
            ),
        )
        indexes = (
            models.Index(fields=("movie", "id"), condition=WAITING, name="film_wish_waiting"),
            # Wishes that were never confirmed, and those that came true, are forgotten.
            models.Index(
                fields=("created_at",),
                condition=Q(confirmed_at__isnull=True) | Q(told_at__isnull=False),
                name="film_wish_to_forget",
            ),
        )

    def __str__(self) -> str:
        return f"{self.movie}, {self.city or 'any city'}"

from datetime import datetime

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q
from django.urls import reverse

from .search import ranked_matches


class Genre(models.Model):
    name = models.CharField(max_length=60, unique=True)
    slug = models.SlugField(max_length=60, unique=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class MovieQuerySet(models.QuerySet["Movie"]):
    def search(self, text: str) -> "MovieQuerySet":
        """Films matching every word, the last as a prefix, accents folded; most relevant first."""
        return ranked_matches(self, text)

    def now_showing(self, *, at: datetime) -> "MovieQuerySet":
        """Films with a scheduled show that starts after `at`."""
        return self.filter(self._coming_show(at))

    def coming_soon(self, *, at: datetime) -> "MovieQuerySet":
        """Films released after `at` that have no scheduled show yet, soonest first."""
        return self.filter(~self._coming_show(at), release_date__gt=at.date()).order_by(
            "release_date", "title", "pk"
        )

    def _coming_show(self, at: datetime) -> Exists:
        return Exists(
            apps.get_model("shows.Show").objects.filter(
                movie=OuterRef("pk"), status="SCHEDULED", starts_at__gt=at
            )
        )


class Movie(models.Model):
    """A film of the catalogue (SPEC §3)."""

    title = models.CharField(max_length=200)
    slug = models.SlugField(max_length=220, unique=True)
    description = models.TextField(blank=True)
    genres = models.ManyToManyField(Genre, blank=True, related_name="movies")
    rating = models.DecimalField(
        max_digits=3,
        decimal_places=1,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(10)],
        help_text="0.0 to 10.0, or empty.",
    )
    duration_minutes = models.PositiveSmallIntegerField(
        "running time (minutes)",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="A film without a running time can't be scheduled.",
    )
    language = models.CharField(max_length=40, blank=True)
    certification = models.CharField(max_length=20, blank=True)
    cast = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    release_date = models.DateField(null=True, blank=True)
    release_year = models.PositiveSmallIntegerField(null=True, blank=True)
    # NULL means "not imported", and stays out of the unique constraint.
    source_key = models.CharField(  # noqa: DJ001
        max_length=400,
        null=True,
        blank=True,
        editable=False,
        help_text="What an import knows this film by.",
    )
    poster_image = models.ImageField(upload_to="posters/", blank=True)
    poster_url = models.URLField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    search = models.GeneratedField(
        expression=Func(F("title"), F("cast"), F("description"), function="movies_search_document"),
        output_field=SearchVectorField(),
        db_persist=True,
        editable=False,
    )

    objects = MovieQuerySet.as_manager()

    class Meta:
        ordering = ("title", "pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(rating__isnull=True) | Q(rating__gte=0, rating__lte=10),
                name="movie_rating_0_to_10",
            ),
            models.CheckConstraint(
                condition=Q(duration_minutes__isnull=True) | Q(duration_minutes__gt=0),
                name="movie_duration_positive",
            ),
            models.CheckConstraint(condition=~Q(title=""), name="movie_title_not_empty"),
            models.UniqueConstraint(fields=("source_key",), name="movie_source_key_unique"),
        )
        indexes = (
            GinIndex(fields=("search",), name="movie_search"),
            models.Index(fields=("release_date",), name="movie_release_date"),
        )

    def __str__(self) -> str:
        return f"{self.title} ({self.release_year})" if self.release_year else self.title

    def get_absolute_url(self) -> str:
        return reverse("movies:film", args=[self.slug])

    @property
    def poster_src(self) -> str:
        """Address of the uploaded image, else the linked one, else the poster drawn for it."""
        if self.poster_image:
            return self.poster_image.url
        return self.poster_url or reverse("movies:poster", args=[self.slug])

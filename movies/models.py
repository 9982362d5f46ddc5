import re
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.urls import reverse
from django.utils.text import Truncator

from .posters.links import validate_poster_link
from .posters.poster_version import POSTER_VERSION
from .posters.sizes import WIDTHS
from .search import ranked_matches

#: Minutes. "Shoah" has 566; a larger number than this is a typing error.
LONGEST_FILM = 600
LINE_LENGTH = 170
#: Columns that lists of films don't read.
LONG_COLUMNS = ("search", "description", "cast", "source_key", "import_digests")


class Genre(models.Model):
    name = models.CharField(max_length=60, unique=True)
    slug = models.SlugField(max_length=60, unique=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class MovieQuerySet(models.QuerySet["Movie"]):
    def search(self, text: str) -> Self:
        """Films that match all words of `text` (the last as a prefix), the best matches first."""
        return ranked_matches(self, text)

    def catalogue(self) -> Self:
        """Films that aren't archived."""
        return self.filter(archived_at=None)

    def in_order(self, sort: str) -> Self:
        """Ordered by `rating`, `newest` or `title`; any other value keeps the order."""
        best, newest = F("rating").desc(nulls_last=True), F("release_date").desc(nulls_last=True)
        match sort:
            case "rating":
                return self.order_by(best, "title", "pk")
            case "newest":
                return self.order_by(newest, "title", "pk")
            case "title":
                return self.order_by("title", "pk")
        return self


class MovieManager(models.Manager.from_queryset(MovieQuerySet)):  # type: ignore[misc]
    """Reads films without the column `search`, which is longer than the rest of the row."""

    def get_queryset(self) -> MovieQuerySet:
        films: MovieQuerySet = super().get_queryset().defer("search")
        return films


class Movie(models.Model):
    """A film of the catalogue (docs/spec.md §3.2)."""

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
        validators=[
            MinValueValidator(1),
            MaxValueValidator(
                LONGEST_FILM, f"At most {LONGEST_FILM} minutes (10 hours); look at the number."
            ),
        ],
        help_text="A film without a running time can't be scheduled.",
    )
    language = models.CharField(max_length=40, blank=True)
    certification = models.CharField(max_length=20, blank=True)
    cast = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    release_date = models.DateField(null=True, blank=True)
    release_year = models.PositiveSmallIntegerField(null=True, blank=True)
    # NULL means "not imported". The unique constraint allows many NULLs.
    source_key = models.CharField(  # noqa: DJ001
        max_length=400,
        null=True,
        blank=True,
        editable=False,
        help_text="What an import knows this film by.",
    )
    import_digests = models.JSONField(
        null=True,
        blank=True,
        editable=False,
        help_text="Of each field that an import wrote: what differs from it is staff's.",
    )
    poster_image = models.ImageField(upload_to="posters/", blank=True)
    poster_url = models.URLField(max_length=500, blank=True, validators=[validate_poster_link])
    archived_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="Set: the film is in no list and can't be scheduled.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    search = models.GeneratedField(
        expression=Func(F("title"), F("cast"), F("description"), function="movies_search_document"),
        output_field=SearchVectorField(),
        db_persist=True,
        editable=False,
    )

    objects = MovieManager()

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
        return reverse("listings:film", args=[self.slug])

    @property
    def poster_src(self) -> str:
        """URL of the uploaded image. Without one: of the linked image, or else the drawn poster."""
        if self.poster_image:
            return self.poster_image.url
        return self.poster_url or self._versioned(reverse("posters:poster", args=[self.slug]))

    @property
    def poster_srcset(self) -> str:
        """`srcset` of the drawn poster in WebP; "" if another poster is shown."""
        if self.poster_image or self.poster_url:
            return ""
        prints = (reverse("posters:poster-webp", args=[self.slug, width]) for width in WIDTHS)
        return ", ".join(
            f"{self._versioned(address)} {width}w"
            for address, width in zip(prints, WIDTHS, strict=True)
        )

    @property
    def backdrop_src(self) -> str:
        """URL of the drawn wide picture."""
        return self._versioned(reverse("posters:backdrop", args=[self.slug]))

    @property
    def card_src(self) -> str:
        """URL of the picture for previews of shared links."""
        return self._versioned(reverse("posters:card", args=[self.slug]))

    @property
    def line(self) -> str:
        """The first sentence of the description, at most LINE_LENGTH characters."""
        first = re.split(r"(?<=[.!?])\s", self.description.strip(), maxsplit=1)[0]
        return Truncator(first).chars(LINE_LENGTH)

    def _versioned(self, address: str) -> str:
        """Add a version to the URL of a drawn picture, so that browsers may cache it for a year."""
        return f"{address}?v={POSTER_VERSION}-{int(self.updated_at.timestamp())}"

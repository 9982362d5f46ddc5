from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bookmyshow.core.staff.csv_export import Columns

from .forms import MovieForm
from .models import Genre, Movie


@admin.register(Genre)
class GenreAdmin(admin.ModelAdmin):
    list_display = ("name", "slug", "film_count")
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Genre]:
        return super().get_queryset(request).annotate(film_total=Count("movies"))

    @admin.display(description="films", ordering="film_total")
    def film_count(self, genre: Any) -> int:
        count: int = genre.film_total
        return count


class Schedulable(admin.SimpleListFilter):
    """Finds films without a running time. They can't be scheduled until staff enter it."""

    title = "can be scheduled"
    parameter_name = "schedulable"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes"), ("no", "No running time")]

    def queryset(self, request: HttpRequest, movies: QuerySet[Movie]) -> QuerySet[Movie]:
        if self.value() is None:
            return movies
        return movies.filter(duration_minutes__isnull=self.value() == "no")


class MovieAdmin(admin.ModelAdmin):
    """The form and list of films. `shows.film_admin` extends and registers it."""

    form = MovieForm
    list_display = (
        "poster_small",
        "title",
        "release_year",
        "language",
        "certification",
        "duration_minutes",
        "rating",
        "updated_at",
    )
    list_display_links = ("poster_small", "title")
    export_columns: Columns = {
        "id": "pk",
        "title": "title",
        "slug": "slug",
        "release_date": "release_date",
        "release_year": "release_year",
        "language": "language",
        "certification": "certification",
        "running_time_minutes": "duration_minutes",
        "rating": "rating",
        "updated_at": "updated_at",
        "archived_at": "archived_at",
    }
    list_filter: ClassVar[Any] = (Schedulable, "genres", "language", "certification")
    list_per_page = 50
    show_full_result_count = False
    # Needed only to show the search box: `get_search_results` searches as the site does.
    search_fields = ("title",)
    search_help_text = "Words of the title, the cast or the description; accents don't matter."
    autocomplete_fields = ("genres",)
    readonly_fields = ("poster_large", "source_key", "archived_at", "created_at", "updated_at")
    save_on_top = True
    fieldsets = (
        (None, {"fields": ("title", "slug", "description", "genres", "cast")}),
        (
            "Facts",
            {
                "fields": (
                    ("duration_minutes", "rating"),
                    ("language", "certification"),
                    ("release_date", "release_year"),
                )
            },
        ),
        ("Poster", {"fields": ("poster_large", "poster_image", "poster_url")}),
        ("Record", {"fields": ("source_key", "archived_at", "created_at", "updated_at")}),
    )

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: Movie | None = None
    ) -> dict[str, Sequence[str]]:
        return {} if obj else {"slug": ("title",)}

    def get_readonly_fields(
        self, request: HttpRequest, obj: Movie | None = None
    ) -> tuple[str, ...]:
        # A slug can't be changed later, because links and bookmarks contain it.
        return (*self.readonly_fields, "slug") if obj else self.readonly_fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Movie], search_term: str
    ) -> tuple[QuerySet[Movie], bool]:
        found: Any = queryset
        return (found.search(search_term) if search_term.strip() else queryset), False

    @admin.display(description="poster")
    def poster_small(self, movie: Movie) -> SafeString:
        return format_html(
            '<img class="poster-small" src="{}" alt="" width="40" height="60" loading="lazy">',
            movie.poster_src,
        )

    @admin.display(description="as shown")
    def poster_large(self, movie: Movie) -> SafeString | str:
        if not movie.pk:
            return "A poster is drawn from title, genres and year unless you give one."
        return format_html(
            '<img class="poster-large" src="{}" alt="Poster of {}" width="160" height="240">',
            movie.poster_src,
            movie.title,
        )

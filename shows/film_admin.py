"""The admin of films: extends MovieAdmin of the movies app with everything that needs shows."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from bookmyshow.core.staff.archive_instead_of_delete import Archived
from movies.admin import MovieAdmin, Schedulable
from movies.models import Movie

from .errors import ScheduleError
from .kept_by_shows import KeptByShowsAdmin
from .models import Show, ShowQuerySet
from .schedule.recompute_views import warn_about_old_shows
from .services import archive_movie, restore_movie


class HasShows(admin.SimpleListFilter):
    title = "shows"
    parameter_name = "shows"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Has shows"), ("no", "Has none")]

    def queryset(self, request: HttpRequest, movies: QuerySet[Movie]) -> QuerySet[Movie]:
        if self.value() is None:
            return movies
        has_shows = Exists(Show.objects.filter(movie=OuterRef("pk")))
        return movies.filter(has_shows if self.value() == "yes" else ~has_shows)


@admin.register(Movie)
class FilmAdmin(KeptByShowsAdmin, MovieAdmin):
    list_filter: ClassVar[Any] = (Archived, Schedulable, HasShows, *MovieAdmin.list_filter[1:])
    archive, restore = staticmethod(archive_movie), staticmethod(restore_movie)
    refusals = (ScheduleError,)

    def shows_of(self, thing: Any) -> ShowQuerySet:
        return Show.objects.filter(movie=thing)

    def response_change(self, request: HttpRequest, obj: Movie) -> HttpResponse:
        """Warn if coming shows have old times: a show keeps the running time it was made with."""
        old = self.shows_of(obj).with_old_times(at=timezone.now()).count()
        warn_about_old_shows(request, old, movie=obj.pk)
        return super().response_change(request, obj)

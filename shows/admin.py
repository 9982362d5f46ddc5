"""Admin of shows. The imports also register the admin of cinemas, screens and films."""

from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.db.models import Count, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bookmyshow.core.staff.bounded_changelist import LongListAdmin, period_filter
from bookmyshow.core.staff.csv_export import Columns
from bookmyshow.core.templatetags.formatting import moment, money
from bookmyshow.core.time import A_DAY, database_now

from .admin_forms import NewShowForm, ShowForm
from .cinema_admin import CinemaAdmin as CinemaAdmin
from .cinema_admin import ScreenAdmin as ScreenAdmin
from .errors import ScheduleError
from .film_admin import FilmAdmin as FilmAdmin
from .models import Cinema, Show
from .services import (
    change_terms,
    create_show,
    delete_show,
)

DAYS_AHEAD = 7


class StartDay(admin.SimpleListFilter):
    """Filters shows by the date on which they start, in each cinema's own time zone."""

    title = "day at the cinema"
    parameter_name = "day"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        todays = Cinema.objects.todays(at=database_now())
        count = (todays[-1] - todays[0]).days + DAYS_AHEAD
        days = [todays[0] + n * A_DAY for n in range(count)]
        return [
            ("coming", "All that are to come"),
            ("past", "All that have begun"),
            *((f"{day}", f"{day:%a} {day.day} {day:%b}") for day in days),
        ]

    def queryset(self, request: HttpRequest, shows: QuerySet[Show]) -> QuerySet[Show]:
        day = self.value()
        if day == "coming":
            return shows.filter(starts_at__gt=database_now())
        if day == "past":
            return shows.filter(starts_at__lte=database_now()).order_by("-starts_at")
        for value, _ in self.lookup_choices:
            if value == day:
                show_queryset: Any = shows
                on_date: QuerySet[Show] = show_queryset.on_date(models.DateField().to_python(day))
                return on_date
        return shows


@admin.register(Show)
class ShowAdmin(LongListAdmin):
    list_display = (
        "film",
        "place",
        "starts",
        "format",
        "prices",
        "occupancy",
        "state",
    )
    list_filter = (
        StartDay,
        period_filter("starts_at", "month at the cinema", zone="screen__cinema__timezone"),
        "status",
        "screen__cinema",
        "format",
    )
    export_columns: Columns = {
        "id": "pk",
        "film": "movie.title",
        "cinema": "screen.cinema.name",
        "city": "screen.cinema.city",
        "screen": "screen.name",
        "starts_at": "local_start",
        "ends_at": "local_end",
        "format": "format",
        "language": "language",
        "standard_price": "standard_price",
        "premium_price": "premium_price",
        "currency": "currency",
        "seats": "total_seats",
        "seats_taken": lambda show: show.total_seats - show.free_seats,
        "status": "get_status_display",
    }
    search_fields = ("movie__title", "screen__name", "screen__cinema__name", "screen__cinema__city")
    autocomplete_fields = ("movie", "screen")
    # Read-only once the show exists: its facts, then the times of its record.
    fixed_facts = ("movie", "screen", "starts", "ends", "occupancy", "state")
    record_times = ("created_at", "updated_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Show]:
        shows: Any = super().get_queryset(request)
        found: QuerySet[Show] = shows.with_film().with_free_seats(at=database_now())
        return found

    def get_fieldsets(self, request: HttpRequest, obj: Show | None = None) -> Any:
        terms = ("format", "language", "standard_price", "premium_price")
        if obj is None:
            return [(None, {"fields": ("movie", "screen", "local_start", *terms)})]
        return [
            (None, {"fields": self.fixed_facts}),
            (
                "Terms",
                {
                    "fields": terms,
                    "description": "New prices count from the next hold on; seats that are held or"
                    " sold keep the price they were held at.",
                },
            ),
            ("Record", {"fields": self.record_times}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Show | None = None) -> tuple[str, ...]:
        # Film, screen and times of an existing show can't be edited here, because its seats and the
        # check for overlaps depend on them.
        return (*self.fixed_facts, *self.record_times) if obj else ()

    def get_form(
        self, request: HttpRequest, obj: Show | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs["form"] = ShowForm if obj else NewShowForm
        return super().get_form(request, obj, change, **kwargs)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except ScheduleError as error:
            # Another show was scheduled between the form's check and the insert, or the wait for
            # this show's lock was too long.
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: Show, form: ModelForm, change: bool) -> None:
        data = form.cleaned_data
        if change:
            change_terms(show=obj, **{name: data[name] for name in form.fields})
            return
        names = ("movie", "screen", "starts_at", "format", "language")
        prices = ("standard_price", "premium_price")
        # `create_show` inserts the row. The admin goes on with `obj`, so `obj` becomes this row.
        obj.pk = create_show(**{name: data[name] for name in (*names, *prices)}).pk
        obj.refresh_from_db()

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What the confirmation page lists. Seats are counted and not listed one by one."""
        shows = Show.objects.filter(pk__in=[show.pk for show in objs]).with_film()
        counted = list(shows.annotate(booking_total=Count("bookings")).order_by("starts_at"))
        protected = [
            f"{show}: it has {show.booking_total} booking{'' if show.booking_total == 1 else 's'}"
            " (those that ended count too), and what was sold keeps its show"
            for show in counted
            if show.booking_total
        ]
        seats = sum(show.total_seats for show in counted)
        return (
            [f"{show}, with its {show.total_seats} seats" for show in counted],
            {"shows": len(counted), "seats": seats},
            set(),
            protected,
        )

    def delete_model(self, request: HttpRequest, obj: Show) -> None:
        delete_show(show=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Show]) -> None:
        for show in queryset:
            delete_show(show=show)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except ScheduleError as error:
            # Somebody booked the show after the page was rendered, or is booking it now.
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:shows_show_change", args=[object_id]))

    @admin.display(description="film", ordering="movie__title")
    def film(self, show: Show) -> str:
        return show.movie.title

    @admin.display(description="screen", ordering="screen")
    def place(self, show: Show) -> SafeString:
        screen = show.screen
        return format_html("{}<br><small>{}</small>", screen, screen.cinema.city)

    @admin.display(description="starts there", ordering="starts_at")
    def starts(self, show: Show) -> str:
        return f"{moment(show.local_start)} {show.local_start:%Z}"

    @admin.display(description="ends")
    def ends(self, show: Show) -> str:
        free = show.busy_until.astimezone(show.screen.cinema.tz)
        return f"{show.local_end:%H:%M}; the screen is free again at {free:%H:%M}"

    @admin.display(description="prices")
    def prices(self, show: Show) -> str:
        currency = show.currency
        return f"{money(show.standard_price, currency)} / {money(show.premium_price, currency)}"

    @admin.display(description="taken")
    def occupancy(self, show: Show) -> SafeString:
        taken = show.total_seats - show.free_seats
        return format_html(
            '<progress class="meter {}" value="{}" max="{}"></progress>{} of {}',
            "" if show.free_seats else "meter-full",
            taken,
            show.total_seats,
            taken,
            show.total_seats,
        )

    @admin.display(description="status", ordering="status")
    def state(self, show: Show) -> SafeString:
        kind = "badge-bad" if show.is_cancelled else "badge-good"
        return format_html('<span class="badge {}">{}</span>', kind, show.get_status_display())

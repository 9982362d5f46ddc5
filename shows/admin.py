"""Admin of cinemas, screens and shows. Importing `FilmAdmin` registers the admin of films."""

from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.db.models import Count, QuerySet
from django.forms import ModelForm, Script
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bookmyshow.core.staff.archive_instead_of_delete import Archived
from bookmyshow.core.staff.bounded_changelist import LongListAdmin, period_filter
from bookmyshow.core.staff.csv_export import Columns, currency
from bookmyshow.core.templatetags.formatting import moment, money
from bookmyshow.core.time import A_DAY, database_now

from .admin_forms import CinemaForm, NewShowForm, ScreenForm
from .errors import ScheduleError
from .film_admin import FilmAdmin as FilmAdmin
from .kept_by_shows import KeptByShowsAdmin
from .models import Cinema, Screen, Show, ShowQuerySet
from .schedule.recompute_views import warn_about_outdated_shows
from .seating.plan import PlanError, parse_plan
from .seating.views import picture_of
from .services import (
    archive_cinema,
    change_terms,
    create_show,
    delete_show,
    restore_cinema,
)

DAYS_AHEAD = 7
LEGEND = format_html(
    '<p class="plan-legend">One line a row, front row first: name, space, cells. Cells: {}'
    " standard, {} premium, {} and {} wheelchair place (standard, premium), {} gap of a seat, {}"
    " of half one. {} numbers a row from the right, {} gives its numbers. An empty line is a"
    " cross aisle. Shows that are made already keep the seats they were made with.</p>",
    *(format_html("<code>{}</code>", cell) for cell in "spwW_-"),
    format_html("<code>{}</code>", "A < ssss"),
    format_html("<code>{}</code>", "A = 1,3,5 sss"),
)


class ScreenInline(admin.StackedInline):
    model = Screen
    form = ScreenForm
    extra = 0
    show_change_link = True
    fields = (("name", "cleaning_minutes"), "seating_plan")


@admin.register(Cinema)
class CinemaAdmin(KeptByShowsAdmin):
    form = CinemaForm
    list_display = ("name", "city", "timezone", "screen_count")
    list_filter = (Archived, "city")
    search_fields = ("name", "city", "address")
    prepopulated_fields = {"slug": ("name",)}
    export_columns: Columns = {
        "id": "pk",
        "name": "name",
        "city": "city",
        "address": "address",
        "time_zone": "timezone",
        "screens": "screen_total",
        "archived_at": "archived_at",
    }
    inlines = (ScreenInline,)
    archive, restore = staticmethod(archive_cinema), staticmethod(restore_cinema)
    refusals = (ScheduleError,)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        warn_about_outdated_shows(request, cinema=obj)
        return super().response_change(request, obj)

    def shows_of(self, thing: Any) -> ShowQuerySet:
        return Show.objects.filter(screen__cinema=thing)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cinema]:
        return super().get_queryset(request).annotate(screen_total=Count("screens"))

    @admin.display(description="screens", ordering="screen_total")
    def screen_count(self, cinema: Any) -> int:
        count: int = cinema.screen_total
        return count


@admin.register(Screen)
class ScreenAdmin(admin.ModelAdmin):
    form = ScreenForm
    list_display = ("name", "cinema", "seats", "premium", "wheelchair", "cleaning")
    list_filter = ("cinema__city", "cinema")
    export_columns: Columns = {
        "id": "pk",
        "cinema": "cinema.name",
        "city": "cinema.city",
        "screen": "name",
        "seats": lambda screen: _count(screen),
        "premium_seats": lambda screen: _count(screen, seat_type="premium"),
        "wheelchair_places": lambda screen: _count(screen, is_wheelchair=True),
        "cleaning_minutes": "cleaning_minutes",
    }
    list_select_related = ("cinema",)
    search_fields = ("name", "cinema__name", "cinema__city")
    autocomplete_fields = ("cinema",)
    readonly_fields = ("picture", "legend")

    class Media:
        js = (Script("js/plan-editor.js", type="module"),)

    fields = ("cinema", ("name", "cleaning_minutes"), "seating_plan", "legend", "picture")

    def response_change(self, request: HttpRequest, obj: Screen) -> HttpResponse:
        warn_about_outdated_shows(request, screen=obj)
        return super().response_change(request, obj)

    @admin.display(description="seats")
    def seats(self, screen: Screen) -> str:
        return _count(screen)

    @admin.display(description="premium")
    def premium(self, screen: Screen) -> str:
        return _count(screen, seat_type="premium")

    @admin.display(description="wheelchair places")
    def wheelchair(self, screen: Screen) -> str:
        return _count(screen, is_wheelchair=True)

    @admin.display(description="cleaning", ordering="cleaning_minutes")
    def cleaning(self, screen: Screen) -> str:
        return f"{screen.cleaning_minutes} min"

    @admin.display(description="how to write it")
    def legend(self, screen: Screen) -> SafeString:
        return LEGEND

    @admin.display(description="as it will be")
    def picture(self, screen: Screen) -> SafeString:
        """A drawing of the plan. `plan-editor.js` updates it while somebody types."""
        drawn: SafeString | str = "A picture of the plan appears here as you type it."
        if screen.seating_plan:
            drawn = picture_of(screen.seating_plan)
        address = reverse("staff-plan-picture")
        return format_html('<div data-plan-picture="{}">{}</div>', address, drawn)


def _count(screen: Screen, **conditions: Any) -> str:
    """How many seats of the plan meet the conditions; "unreadable" if the plan can't be parsed."""
    try:
        seats = parse_plan(screen.seating_plan)
    except PlanError:
        return "unreadable"
    return str(sum(all(getattr(s, k) == v for k, v in conditions.items()) for s in seats))


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
        "currency": currency,
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
        if obj is None:
            kwargs["form"] = NewShowForm
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
        return f"{money(show.standard_price)} / {money(show.premium_price)}"

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

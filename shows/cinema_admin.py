"""Admin of cinemas and screens."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.forms import ModelForm, Script
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bookmyshow.core.staff.archive_instead_of_delete import Archived
from bookmyshow.core.staff.csv_export import Columns

from .admin_forms import CinemaForm, ScreenForm
from .cinema_money import allow_new_currency
from .errors import ScheduleError
from .kept_by_shows import KeptByShowsAdmin
from .models import Cinema, Screen, Show, ShowQuerySet
from .schedule.recompute_views import warn_about_outdated_shows
from .seating.plan import PlanError, parse_plan
from .seating.views import picture_of
from .services import archive_cinema, restore_cinema

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
    # The model's order is lost where the screens are counted.
    ordering = ("city", "name")
    list_filter = (Archived, "city")
    search_fields = ("name", "city", "address")
    prepopulated_fields = {"slug": ("name",)}
    export_columns: Columns = {
        "id": "pk",
        "name": "name",
        "city": "city",
        "address": "address",
        "time_zone": "timezone",
        "currency": "currency",
        "booking_fee": "booking_fee",
        "booking_fee_per": "booking_fee_per",
        "legal_name": "legal_name",
        "tax_number": "tax_number",
        "tax_place": "tax_place",
        "screens": "screen_total",
        "archived_at": "archived_at",
    }
    fieldsets = (
        (None, {"fields": ("name", "slug", "city", "address", "timezone")}),
        (
            "Money",
            {
                "fields": (
                    "currency",
                    ("booking_fee", "booking_fee_per"),
                    "legal_name",
                    ("tax_number", "tax_place"),
                )
            },
        ),
    )
    inlines = (ScreenInline,)
    archive, restore = staticmethod(archive_cinema), staticmethod(restore_cinema)
    refusals = (ScheduleError,)

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
            # Somebody held a seat between the form's check and the change of the currency.
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        if change and "currency" in form.changed_data:
            allow_new_currency(obj, obj.currency)
        super().save_model(request, obj, form, change)

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

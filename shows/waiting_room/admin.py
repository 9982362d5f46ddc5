"""The admin of on-sales. Services write the audit log, so the admin writes no line of its own."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.requests import person
from bookmyshow.core.errors import DomainError
from bookmyshow.core.staff.csv_export import Columns
from bookmyshow.core.templatetags.formatting import dated_moment

from . import services
from .forms import OnSaleForm
from .models import OnSale
from .pages import clock_of

Mode = OnSale.Mode
RUN = "waiting_room.run_on_sale"
READ_ONLY = ("what", "state", "joins", "opens", "drawn", "numbers", "called", "seed_in_hex")
EXPLAINED = (
    "From the moment that this is saved, nobody can hold seats of these shows without a pass from"
    " the waiting room. Times are on the cinemas’ clock; if the film runs in several time zones,"
    " in UTC."
)
PACE = (
    "Both can be changed at any time, also on the page On sale now. Let in as many people a minute"
    " as can choose seats in peace: with ten minutes for each, the cap is ten times the rate."
)


@admin.register(OnSale)
class OnSaleAdmin(admin.ModelAdmin):
    form = OnSaleForm
    list_display = ("what", "opens", "state", "pace", "numbers", "called")
    list_filter = ("mode",)
    search_fields = ("movie__title", "show__movie__title")
    autocomplete_fields = ("movie", "show")
    ordering = ("-opens_at", "-pk")
    export_columns: Columns = {
        "id": "pk",
        "what": "__str__",
        "mode": "get_mode_display",
        "prequeue_from": "prequeue_from",
        "opens_at": "opens_at",
        "people_a_minute": "rate",
        "active_cap": "active_cap",
        "drawn_at": "drawn_at",
        "early": "early",
        "called_upto": "called_upto",
        "seed": lambda sale: bytes(sale.seed).hex(),
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[OnSale]:
        found: Any = super().get_queryset(request)
        sales: QuerySet[OnSale] = found.with_names()
        return sales

    def get_fieldsets(self, request: HttpRequest, obj: OnSale | None = None) -> Any:
        pace = ("How many go in", {"fields": ("rate", "active_cap"), "description": PACE})
        if obj is None:
            times = ("mode", "local_prequeue", "local_opens")
            new = ("movie", "show", *times)
            return [(None, {"fields": new, "description": EXPLAINED}), pace]
        if obj.drawn_at is None and self.has_change_permission(request, obj):
            return [(None, {"fields": ("what", "mode", "local_prequeue", "local_opens")}), pace]
        facts = ("what", "mode", "joins", "opens")
        if not self.has_change_permission(request, obj):
            facts = ("what", "state", "joins", "opens")
        draw = ("drawn", "numbers", "called", "seed_in_hex")
        return [(None, {"fields": facts}), pace, ("The draw", {"fields": draw})]

    def get_readonly_fields(self, request: HttpRequest, obj: OnSale | None = None) -> Any:
        return READ_ONLY if obj else ()

    def get_form(
        self, request: HttpRequest, obj: OnSale | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if obj and obj.drawn_at:
            form.base_fields.pop("local_prequeue", None)
            form.base_fields.pop("local_opens", None)
        return form

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(RUN)

    def has_change_permission(self, request: HttpRequest, obj: OnSale | None = None) -> bool:
        return request.user.has_perm(RUN)

    def has_delete_permission(self, request: HttpRequest, obj: OnSale | None = None) -> bool:
        return False  # What was drawn stays provable. Switched off, it does nothing.

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as error:
            # Somebody else was faster, or the draw was held after the page was loaded.
            self.message_user(request, error.message, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: OnSale, form: ModelForm, change: bool) -> None:
        data, by = form.cleaned_data, person(request)
        if not change:
            names = ("movie", "show", "mode", "prequeue_from", "opens_at", "rate", "active_cap")
            sale = services.schedule_sale(by=by, **{name: data[name] for name in names})
            obj.pk = sale.pk
            obj.refresh_from_db()
            return
        changes = {
            name: data[name]
            for name in ("prequeue_from", "opens_at", "rate", "active_cap")
            if name in data and data[name] != form.initial.get(name, getattr(obj, name, None))
        }
        if changes:
            services.change_sale(on_sale_id=obj.pk, by=by, **changes)
        if "mode" in form.changed_data:
            services.switch_sale(on_sale_id=obj.pk, mode=data["mode"], by=by)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Nothing: the service has written the line."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Nothing: the service has written the line."""

    @admin.display(description="what")
    def what(self, sale: OnSale) -> str:
        return sale.name

    @admin.display(description="people can join from")
    def joins(self, sale: OnSale) -> str:
        return _local(sale, sale.prequeue_from)

    @admin.display(description="on sale", ordering="opens_at")
    def opens(self, sale: OnSale) -> str:
        return _local(sale, sale.opens_at)

    @admin.display(description="drawn")
    def drawn(self, sale: OnSale) -> str:
        return _local(sale, sale.drawn_at) if sale.drawn_at else "not yet"

    @admin.display(description="numbers in the draw", ordering="early")
    def numbers(self, sale: OnSale) -> str:
        return "–" if sale.early is None else f"{sale.early:,}"

    @admin.display(description="called up to turn", ordering="called_upto")
    def called(self, sale: OnSale) -> str:
        return f"{sale.called_upto:,}"

    @admin.display(description="how many go in")
    def pace(self, sale: OnSale) -> str:
        return f"{sale.rate:,} a minute, {sale.active_cap:,} at the same time"

    @admin.display(description="seed")
    def seed_in_hex(self, sale: OnSale) -> str:
        return bytes(sale.seed).hex() or "–"

    @admin.display(description="state", ordering="mode")
    def state(self, sale: OnSale) -> SafeString:
        kind = "badge-good" if sale.mode in {Mode.FIFO, Mode.LOTTERY} else "badge-bad"
        return format_html('<span class="badge {}">{}</span>', kind, sale.get_mode_display())

    def response_add(self, request: HttpRequest, obj: OnSale, post_url_continue: Any = None) -> Any:
        if "_continue" in request.POST or "_addanother" in request.POST:
            return super().response_add(request, obj, post_url_continue)
        self.message_user(request, "The on-sale is scheduled.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("staff-on-sale"))


def _local(sale: OnSale, moment: Any) -> str:
    zone, _ = clock_of(sale.movie_id, sale.show)
    return f"{dated_moment(moment.astimezone(zone))} {moment.astimezone(zone):%Z}"

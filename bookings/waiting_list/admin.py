from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.requests import person
from accounts.search import ids_of_people
from bookings.admin_lists import SHOW_COLUMNS
from bookmyshow.core.staff.bounded_changelist import LongListAdmin, period_filter
from bookmyshow.core.staff.csv_export import Columns

from .models import Entry
from .services import remove

BADGES = {"WAITING": "badge-wait", "OFFERED": "badge-wait", "TAKEN": "badge-good"}


def _waiting_at_show(*conditions: Q) -> Coalesce:
    """How many people wait at the show of a row."""
    line = Entry.objects.filter(*conditions, show=OuterRef("show"), state=Entry.State.WAITING)
    count = line.order_by().values("show").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(count), 0)


@admin.register(Entry)
class EntryAdmin(LongListAdmin):
    """Read-only list of the places in line, with an action that takes people off."""

    actions = ("take_off",)
    list_display = ("show", "customer", "wish", "state_now", "place", "created_at", "offer")
    list_display_links = None
    list_filter = (
        "state",
        "show__screen__cinema",
        period_filter("show__starts_at", "day of the show", zone="show__screen__cinema__timezone"),
    )
    ordering = ("-pk",)
    search_fields = ("user__email",)
    search_help_text = "The customer's name, email or phone."
    export_columns: Columns = {
        "customer": "user.name",
        "email": "user.email",
        **SHOW_COLUMNS,
        "seats": "seats",
        "together": "together",
        "wheelchair": "wheelchair",
        "state": "get_state_display",
        "joined_at": "created_at",
        "offered_at": "offered_at",
        "ended_at": "ended_at",
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        entries = Entry.objects.with_show().select_related("user")
        return entries.annotate(
            ahead=_waiting_at_show(Q(pk__lt=OuterRef("pk"))), line=_waiting_at_show()
        )

    @admin.display(description="customer", ordering="user__email")
    def customer(self, entry: Entry) -> SafeString:
        address = reverse("admin:accounts_user_change", args=[entry.user_id])
        return format_html(
            '<a href="{}">{}</a><br><small>{}</small>', address, entry.user, entry.user.email
        )

    @admin.display(description="waits for")
    def wish(self, entry: Entry) -> str:
        return entry.wish

    @admin.display(description="state", ordering="state")
    def state_now(self, entry: Entry) -> SafeString:
        return format_html(
            '<span class="badge {}">{}</span>',
            BADGES.get(entry.state, ""),
            entry.get_state_display(),
        )

    @admin.display(description="place in line")
    def place(self, entry: Entry) -> str:
        counted = cast(Any, entry)
        if entry.state != Entry.State.WAITING:
            return "–"
        return f"{counted.ahead + 1} of {counted.line}"

    @admin.display(description="offer")
    def offer(self, entry: Entry) -> SafeString | str:
        if entry.booking is None:
            return "–"
        address = reverse("admin:bookings_booking_change", args=[entry.booking_id])
        return format_html('<a href="{}">{}</a>', address, ", ".join(entry.booking.seats))

    @admin.action(description="Take off the list", permissions=["take_off"])
    def take_off(self, request: HttpRequest, chosen: QuerySet[Entry]) -> None:
        """One show after the other in the order of their ids, because each is locked."""
        live = chosen.filter(state__in=[Entry.State.WAITING, Entry.State.OFFERED])
        ids = list(live.order_by("show_id", "pk").values_list("pk", flat=True))
        for entry_id in ids:
            remove(by=person(request), entry_id=entry_id)
        people = "1 person is" if len(ids) == 1 else f"{len(ids)} people are"
        words = f"{people} off the waiting list."
        self.message_user(request, words, messages.SUCCESS if ids else messages.WARNING)

    def has_take_off_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("bookings.cancel_for_customer")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Entry], search_term: str
    ) -> tuple[QuerySet[Entry], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(user__in=ids_of_people(search_term)), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Entry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Entry | None = None) -> bool:
        return False

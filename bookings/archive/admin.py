from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from bookings.admin_lists import SHOW_COLUMNS, SearchBookings
from bookmyshow.core.staff.bounded_changelist import LongListAdmin, period_filter
from bookmyshow.core.staff.csv_export import Columns
from bookmyshow.core.templatetags.formatting import money

from .models import ArchivedBooking
from .services import begins_at


@admin.register(ArchivedBooking)
class ArchivedBookingAdmin(SearchBookings, LongListAdmin):
    """Read-only list of archived bookings, with a search by reference or customer."""

    list_display = ("reference", "user", "show", "seat_list", "amount", "status")
    list_filter = (
        "status",
        period_filter("starts_at", "day of the show", zone="show__screen__cinema__timezone"),
    )
    export_columns: Columns = {
        "reference": "reference",
        "status": "get_status_display",
        "ended": "ended_reason",
        "customer": "user.name",
        "email": "user.email",
        **SHOW_COLUMNS,
        "seats": "seats",
        "seat_count": "total_seats",
        "amount": "total_amount",
        "currency": "show.currency",
        "booked_at": "created_at",
        "confirmed_at": "confirmed_at",
        "admitted_at": "admitted_at",
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[ArchivedBooking]:
        return ArchivedBooking.objects.with_show().select_related("user")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """The search. If it finds nothing, says how far back the archive goes."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        begins = begins_at()
        if search_term.strip() and begins and not found.exists():
            words = (
                f"The archive has shows from {begins:%d %B %Y} on. Tickets of earlier quarters "
                "were stored elsewhere; their payments and invoices are still here."
            )
            self.message_user(request, words, messages.INFO)
        return found, may_repeat

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: ArchivedBooking | None = None
    ) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: ArchivedBooking | None = None
    ) -> bool:
        return False

    @admin.display(description="seats")
    def seat_list(self, booking: ArchivedBooking) -> str:
        return ", ".join(booking.seats)

    @admin.display(description="amount", ordering="total_amount")
    def amount(self, booking: ArchivedBooking) -> str:
        return money(booking.total_amount, booking.show.currency)

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from bookmyshow.core.staff.bounded_changelist import LongListAdmin, period_filter
from bookmyshow.core.staff.csv_export import Columns
from bookmyshow.core.templatetags.formatting import moment, money
from bookmyshow.core.time import DatabaseClock
from shows.models import lapsed_hold

from .admin_lists import SHOW_COLUMNS, SearchBookings
from .archive.models import ArchivedBooking
from .models import Booking
from .payments.admin.orders import orders_of_booking
from .search import matching

# Above this number of archived bookings, the message says only "More than".
MOST_COUNTED = 100
BADGES = {"PENDING": "badge-wait", "CONFIRMED": "badge-good"}


class EffectiveStatus(admin.SimpleListFilter):
    """Filters by the status that people see: a lapsed hold is FAILED, even before a sweep."""

    title = "status"
    parameter_name = "status_now"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return Booking.Status.choices

    def queryset(self, request: HttpRequest, bookings: QuerySet[Booking]) -> QuerySet[Booking]:
        status = self.value()
        if status not in Booking.Status.values:
            return bookings
        now: Any = DatabaseClock()
        lapsed = lapsed_hold(now)
        if status == Booking.Status.FAILED:
            return bookings.filter(Q(status=status) | lapsed)
        return bookings.filter(Q(status=status) & ~lapsed)


@admin.register(Booking)
class BookingAdmin(SearchBookings, LongListAdmin):
    """Read-only list of bookings. Only services change bookings."""

    list_display = (
        "reference",
        "customer",
        "film",
        "starts",
        "seat_list",
        "amount",
        "state",
        "booked",
    )
    list_filter = (
        EffectiveStatus,
        "show__screen__cinema",
        period_filter("created_at", "day of booking (UTC)"),
    )
    export_columns: Columns = {
        "reference": "reference",
        "status": lambda booking: booking.status_at(booking.now).label,
        "ended": lambda booking: booking.reason_at(booking.now),
        "customer": "user.name",
        "email": "user.email",
        **SHOW_COLUMNS,
        "seats": "seats",
        "seat_count": "total_seats",
        "amount": "total_amount",
        "currency": "show.currency",
        "booked_at": "created_at",
        "confirmed_at": "confirmed_at",
    }
    fieldsets = (
        (None, {"fields": ("reference", "state", "customer_link", "show_link")}),
        ("Seats", {"fields": ("lines",)}),
        ("Money", {"fields": ("orders",)}),
        ("Times (UTC)", {"fields": ("created_at", "expires_at", "confirmed_at", "updated_at")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Booking | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Booking | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Booking]:
        bookings: Any = super().get_queryset(request)
        found: QuerySet[Booking] = bookings.with_clock().with_show().select_related("user")
        return found

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        self._point_to_the_archive(request, search_term)
        return super().get_search_results(request, queryset, search_term)

    def _point_to_the_archive(self, request: HttpRequest, search_term: str) -> None:
        """If the search matches archived bookings too, tell staff who may see the archive."""
        if not search_term.strip() or not request.user.has_perm("archive.view_archivedbooking"):
            return
        found, _ = matching(ArchivedBooking.objects.all(), search_term)
        count = found.order_by().values("pk")[: MOST_COUNTED + 1].count()
        if not count:
            return
        more = f"More than {MOST_COUNTED}" if count > MOST_COUNTED else count
        words = format_html(
            'Bookings of shows long past match too: {}. <a href="{}?{}">See the archive</a>',
            more,
            reverse("admin:archive_archivedbooking_changelist"),
            urlencode({"q": search_term}),
        )
        self.message_user(request, words, messages.INFO)

    @admin.display(description="customer", ordering="user__email")
    def customer(self, booking: Booking) -> SafeString:
        return format_html("{}<br><small>{}</small>", booking.user.name, booking.user.email)

    @admin.display(description="film", ordering="show__movie__title")
    def film(self, booking: Booking) -> SafeString:
        show = booking.show
        return format_html("{}<br><small>{}</small>", show.movie.title, show.screen)

    @admin.display(description="starts there", ordering="show__starts_at")
    def starts(self, booking: Booking) -> str:
        return moment(booking.show.local_start)

    @admin.display(description="seats", ordering="total_seats")
    def seat_list(self, booking: Booking) -> str:
        return ", ".join(booking.seats)

    @admin.display(description="amount", ordering="total_amount")
    def amount(self, booking: Booking) -> str:
        return money(booking.total_amount, booking.show.currency)

    @admin.display(description="status")
    def state(self, booking: Booking) -> SafeString:
        now: datetime = booking.now
        status = booking.status_at(now)
        reason = booking.reason_at(now)
        return format_html(
            '<span class="badge {}">{}</span>{}{}',
            BADGES.get(status, "badge-bad"),
            status.label,
            " " if reason else "",
            Booking.EndedReason(reason).label if reason else "",
        )

    @admin.display(description="booked (UTC)", ordering="created_at")
    def booked(self, booking: Booking) -> str:
        return moment(booking.created_at)

    @admin.display(description="customer")
    def customer_link(self, booking: Booking) -> SafeString:
        address = reverse("admin:accounts_user_change", args=[booking.user_id])
        user = booking.user
        return format_html('<a href="{}">{}</a> {}', address, user.email, user.name)

    @admin.display(description="show")
    def show_link(self, booking: Booking) -> SafeString:
        address = reverse("admin:shows_show_change", args=[booking.show_id])
        return format_html('<a href="{}">{}</a>', address, booking.show)

    @admin.display(description="prices")
    def lines(self, booking: Booking) -> SafeString:
        rows = format_html_join(
            "",
            "<tr><td>{}</td><td>{}</td></tr>",
            ((label, money(price, booking.show.currency)) for label, price in booking.lines),
        )
        return format_html(
            '<table class="seat-prices">{}<tr><th>{}</th><th>{}</th></tr></table>',
            rows,
            f"{booking.total_seats} seats" if booking.total_seats > 1 else "1 seat",
            money(booking.total_amount, booking.show.currency),
        )

    @admin.display(description="orders")
    def orders(self, booking: Booking) -> SafeString | str:
        """The booking's orders with their payments, in a list of links."""
        return orders_of_booking(booking)

from datetime import datetime
from typing import Any, cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.requests import person
from accounts.search import ids_of_people
from bookmyshow.core.staff.bounded_changelist import LongListAdmin, period_filter
from bookmyshow.core.staff.csv_export import Columns
from bookmyshow.core.templatetags.formatting import moment, money
from bookmyshow.core.time import DatabaseClock
from shows.models import lapsed_hold

from .admin_lists import SHOW_COLUMNS, SearchBookings
from .archive.models import ArchivedBooking
from .models import Booking, Notice
from .notices.services import try_again
from .payments.admin.orders import orders_of_booking
from .search import matching

# Above this number of archived bookings, the message says only "More than".
MOST_COUNTED = 100
BADGES = {"PENDING": "badge-wait", "CONFIRMED": "badge-good"}
NOTICE_BADGES = {"waiting": "badge-wait", "sent": "badge-good", "given-up": "badge-bad"}


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


class NoticeState(admin.SimpleListFilter):
    """Filters mails by state: waiting, sent or given up."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return Notice.State.choices

    def queryset(self, request: HttpRequest, notices: QuerySet[Notice]) -> QuerySet[Notice]:
        state = self.value()
        if state not in Notice.State.values:
            return notices
        found: Any = notices
        return cast(QuerySet[Notice], found.in_state(state))


@admin.register(Notice)
class NoticeAdmin(LongListAdmin):
    """The mails about cancelled and moved shows, and whether each was sent.

    Staff can retry mails that are not sent, for example after a wrong address was corrected.
    """

    actions = ("try_again",)
    list_display = ("created_at", "kind", "customer", "show", "told", "attempts")
    export_columns: Columns = {
        "created_at": "created_at",
        "kind": "get_kind_display",
        "customer": "user.name",
        "email": "user.email",
        **SHOW_COLUMNS,
        "state": "state.label",
        "sent_at": "sent_at",
        "given_up_at": "given_up_at",
        "attempts": "attempts",
        "last_error": "last_error",
    }
    list_display_links = None
    list_filter = ("kind", NoticeState)
    ordering = ("-pk",)
    search_fields = ("user__email",)
    search_help_text = "The customer's name, email or phone."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notice]:
        notices: Any = super().get_queryset(request)
        found: QuerySet[Notice] = notices.with_person_and_show()
        return found

    @admin.display(description="customer", ordering="user__email")
    def customer(self, notice: Notice) -> SafeString:
        address = reverse("admin:accounts_user_change", args=[notice.user_id])
        return format_html(
            '<a href="{}">{}</a><br><small>{}</small>',
            address,
            notice.user.name,
            notice.user.email,
        )

    @admin.display(description="state", ordering="sent_at")
    def told(self, notice: Notice) -> SafeString:
        at = moment(notice.sent_at or notice.given_up_at or notice.next_try_at)
        return format_html(
            '<span class="badge {}">{}</span> <small>{}{}<br>{}</small>',
            NOTICE_BADGES[notice.state],
            notice.state.label,
            "next try " if notice.state == Notice.State.WAITING else "",
            at.replace(" ", "\N{NO-BREAK SPACE}"),
            notice.last_error,
        )

    @admin.action(description="Try again", permissions=["try_again"])
    def try_again(self, request: HttpRequest, chosen: QuerySet[Notice]) -> None:
        count = try_again(by=person(request), notices=chosen)
        mails = "1 mail" if count == 1 else f"{count} mails"
        words = f"{mails} will be tried again within {settings.NOTICE_SECONDS} seconds."
        self.message_user(request, words, messages.SUCCESS if count else messages.WARNING)

    def has_try_again_permission(self, request: HttpRequest) -> bool:
        """The action needs the change permission. No page lets staff edit a notice."""
        return request.user.has_perm("bookings.change_notice")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Notice], search_term: str
    ) -> tuple[QuerySet[Notice], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(user__in=ids_of_people(search_term)), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Notice | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Notice | None = None) -> bool:
        return False

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from bookings.models import Booking
from bookings.payments.models import Order, Payment
from bookings.payments.states import OrderState
from bookmyshow.core.staff.bounded_changelist import period_filter
from bookmyshow.core.staff.csv_export import Columns
from bookmyshow.core.templatetags.formatting import minor, moment

from .history import HistoryAdmin, badge, major

BADGES = {OrderState.PAID: "good", OrderState.OPEN: "wait", OrderState.UNPAID: "bad"}


def orders_of_booking(booking: Booking) -> SafeString | str:
    """For the admin's page of a booking: its orders, with what was paid and given back."""
    orders = Order.objects.filter(booking=booking.pk).order_by("pk")
    rows = format_html_join(
        "",
        '<p><a href="{}">{}</a>, {}, {}</p>{}',
        (
            (
                reverse("admin:payments_order_change", args=[order.pk]),
                order.reference,
                minor(order.total, order.currency),
                order.get_state_display().lower(),
                _payments_list(order),
            )
            for order in orders.prefetch_related("payments__refunds")
        ),
    )
    return rows or "none: it was not paid here"


@admin.register(Order)
class OrderAdmin(HistoryAdmin):
    """What bookings cost and how they were paid."""

    list_display = ("reference", "customer", "what", "sum_of_lines", "state_badge", "written")
    list_filter = ("state", "cinema", period_filter("created_at", "day of the order (UTC)"))
    fieldsets = (
        (None, {"fields": ("reference", "state_badge", "customer", "booking_link", "what")}),
        ("Money", {"fields": ("lines_table", "payments_table", "policy")}),
        ("Times (UTC)", {"fields": ("created_at", "pay_until", "updated_at")}),
    )
    readonly_fields = (
        *("state_badge", "customer", "booking_link", "what"),
        *("lines_table", "payments_table"),
    )
    export_columns: Columns = {
        "reference": "reference",
        "state": "state",
        "booking": "booking_reference",
        "customer": "user.name",
        "email": "email",
        "film": "film",
        "cinema": "cinema_name",
        "starts_at": "local_start",
        "seats": "seats",
        "total": lambda order: major(order.total, order.currency),
        "currency": "currency",
        "created_at": "created_at",
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        orders: QuerySet[Order] = super().get_queryset(request)
        return orders.select_related("user")

    @admin.display(description="customer", ordering="email")
    def customer(self, order: Order) -> SafeString:
        return format_html("{}<br><small>{}</small>", order.user.name, order.email)

    @admin.display(description="for", ordering="starts_at")
    def what(self, order: Order) -> SafeString:
        return format_html(
            "{}, {}<br><small>{}, {}, {}</small>",
            order.film,
            moment(order.local_start),
            order.cinema_name,
            order.screen_name,
            ", ".join(order.seats),
        )

    @admin.display(description="total", ordering="total")
    def sum_of_lines(self, order: Order) -> str:
        return minor(order.total, order.currency)

    @admin.display(description="state", ordering="state")
    def state_badge(self, order: Order) -> SafeString:
        return badge(order.get_state_display(), BADGES.get(OrderState(order.state), "none"))

    @admin.display(description="written (UTC)", ordering="created_at")
    def written(self, order: Order) -> str:
        return moment(order.created_at)

    @admin.display(description="booking")
    def booking_link(self, order: Order) -> SafeString:
        """A link to the booking, also if it is in the archive."""
        if Booking.objects.filter(pk=order.booking_id).exists():
            address = reverse("admin:bookings_booking_change", args=[order.booking_id])
        else:
            address = reverse("admin:archive_archivedbooking_changelist")
            address = f"{address}?q={order.booking_reference}"
        return format_html('<a href="{}">{}</a>', address, order.booking_reference)

    @admin.display(description="lines")
    def lines_table(self, order: Order) -> SafeString:
        rows = format_html_join(
            "",
            "<tr><td>{}</td><td>{}</td><td><small>{}</small></td></tr>",
            (
                (
                    f"{line.text} × {line.quantity}" if line.quantity > 1 else line.text,
                    minor(line.gross, order.currency),
                    f"with {line.tax_basis_points / 100:g} % {line.tax_name}, "
                    f"{minor(line.tax, order.currency)}"
                    if line.tax
                    else "",
                )
                for line in order.lines.order_by("position")
            ),
        )
        return format_html(
            '<table class="seat-prices">{}<tr><th>Total</th><th>{}</th><td></td></tr></table>',
            rows,
            minor(order.total, order.currency),
        )

    @admin.display(description="payments and refunds")
    def payments_table(self, order: Order) -> SafeString | str:
        return _payments_list(order) or "none"


def _payments_list(order: Order) -> SafeString:
    """Each payment with its refunds."""
    return format_html_join(
        "",
        '<p><a href="{}">{} by {}</a>, {}{}</p>',
        (
            (
                reverse("admin:payments_payment_change", args=[payment.pk]),
                minor(payment.captured or payment.amount, payment.currency),
                payment.provider,
                payment.get_state_display().lower(),
                _refunds_list(payment),
            )
            for payment in sorted(order.payments.all(), key=lambda payment: payment.pk)
        ),
    )


def _refunds_list(payment: Payment) -> SafeString:
    return format_html_join(
        "",
        '<br><a href="{}">{} back</a>, {}, {}',
        (
            (
                reverse("admin:payments_refund_change", args=[refund.pk]),
                minor(refund.amount, payment.currency),
                refund.get_state_display().lower(),
                refund.get_source_display().lower(),
            )
            for refund in sorted(payment.refunds.all(), key=lambda refund: refund.pk)
        ),
    )

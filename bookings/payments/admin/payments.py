from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.requests import person
from bookings.payments.models import Payment
from bookings.payments.staff.payment_decisions import check_soon, close_review
from bookings.payments.states import DUE, PaymentState
from bookmyshow.core.staff.bounded_changelist import period_filter
from bookmyshow.core.staff.csv_export import Columns
from bookmyshow.core.staff.reasons import ReasonForm
from bookmyshow.core.templatetags.formatting import minor, moment

from .history import Choices, HistoryAdmin, badge, major, order_link

BADGES = {
    PaymentState.CAPTURED: "good",
    PaymentState.REVIEW: "bad",
    PaymentState.FAILED: "none",
    PaymentState.CANCELLED: "none",
    PaymentState.VOIDED: "none",
}


class NeedsStaff(Choices):
    title = "needs"
    parameter_name = "needs"
    conditions = {
        "person": ("A person", Q(state=PaymentState.REVIEW) | ~Q(review="")),
        "provider": ("The provider’s answer", Q(state__in=[*DUE, PaymentState.AUTHORISED])),
    }


@admin.register(Payment)
class PaymentAdmin(HistoryAdmin):
    """Each try to pay an order, online or at the counter."""

    path_to_order = "order__"
    exact_fields = ("reference", "charge")
    action_form = ReasonForm
    actions = ("check_now", "mark_reviewed")
    list_display = ("made", "order_named", "way", "asked", "state_badge", "taken")
    list_filter = (
        NeedsStaff,
        "state",
        "provider",
        period_filter("created_at", "day of the payment (UTC)"),
    )
    fieldsets = (
        (None, {"fields": ("order_named", "state_badge", "way", "taken_by")}),
        ("Money", {"fields": ("asked", "taken", "surplus")}),
        ("At the provider", {"fields": ("uuid", "reference", "charge", "last_error")}),
        ("Times (UTC)", {"fields": ("created_at", "opened_at", "captured_at", "updated_at")}),
        ("Checks", {"fields": ("next_check_at", "checks")}),
    )
    readonly_fields = ("uuid", "order_named", "state_badge", "way", "asked", "taken")
    export_columns: Columns = {
        "created_at": "created_at",
        "order": "order.reference",
        "booking": "order.booking_reference",
        "email": "order.email",
        "provider": "provider",
        "method": "method",
        "state": "state",
        "amount": lambda payment: major(payment.amount, payment.currency),
        "captured": lambda payment: major(payment.captured, payment.currency),
        "currency": "currency",
        "captured_at": "captured_at",
        "provider_reference": "reference",
        "charge": "charge",
        "review": "review",
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payment]:
        payments: QuerySet[Payment] = super().get_queryset(request)
        return payments.select_related("order", "taken_by")

    @admin.display(description="made (UTC)", ordering="created_at")
    def made(self, payment: Payment) -> str:
        return moment(payment.created_at)

    @admin.display(description="order")
    def order_named(self, payment: Payment) -> SafeString:
        return order_link(payment.order)

    @admin.display(description="way", ordering="provider")
    def way(self, payment: Payment) -> str:
        method = payment.get_method_display() if payment.method else ""
        return f"{payment.provider}, {method}" if method else payment.provider

    @admin.display(description="amount", ordering="amount")
    def asked(self, payment: Payment) -> str:
        return minor(payment.amount, payment.currency)

    @admin.display(description="taken", ordering="captured")
    def taken(self, payment: Payment) -> str:
        return minor(payment.captured, payment.currency) if payment.captured else "–"

    @admin.display(description="state", ordering="state")
    def state_badge(self, payment: Payment) -> SafeString:
        kind = BADGES.get(PaymentState(payment.state), "wait")
        note: Any = format_html("<br><small>{}</small>", payment.review) if payment.review else ""
        return badge(payment.get_state_display(), "bad" if payment.review else kind, note)

    @admin.action(description="Check with the provider now", permissions=["check"])
    def check_now(self, request: HttpRequest, chosen: QuerySet[Payment]) -> None:
        by = person(request)
        done = "to be compared with the provider within seconds. Reload to see the result."
        self.act_on_each(request, chosen, lambda p, why: check_soon(p, by=by, reason=why), done)

    @admin.action(description="I have looked: close the review", permissions=["review"])
    def mark_reviewed(self, request: HttpRequest, chosen: QuerySet[Payment]) -> None:
        by = person(request)
        done = "closed."
        self.act_on_each(request, chosen, lambda p, why: close_review(p, by=by, reason=why), done)

    def has_check_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("payments.check_payment")

    def has_review_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("payments.review_payment")

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from bookings.payments.ledger import OPEN_DISPUTES
from bookings.payments.models import Dispute, ProviderEvent
from bookmyshow.core.staff.bounded_changelist import period_filter
from bookmyshow.core.staff.csv_export import Columns
from bookmyshow.core.templatetags.formatting import minor, moment

from .history import Choices, HistoryAdmin, badge, major, order_link


class DisputeIs(Choices):
    title = "is"
    parameter_name = "is"
    conditions = {
        "open": ("Open", Q(state__in=OPEN_DISPUTES)),
        "closed": ("Decided", ~Q(state__in=OPEN_DISPUTES)),
    }


@admin.register(Dispute)
class DisputeAdmin(HistoryAdmin):
    """Chargebacks: a customer's bank asks for the money back. They are answered at the provider."""

    path_to_order = "payment__order__"
    exact_fields = ("reference", "payment__charge")
    list_display = ("opened", "order_named", "sum", "state_badge", "reason", "answer_until")
    list_filter = (DisputeIs, "state", "provider")
    fieldsets = (
        (None, {"fields": ("order_named", "sum", "state_badge", "reason")}),
        ("At the provider", {"fields": ("provider", "reference")}),
        ("Times (UTC)", {"fields": ("created_at", "due_at", "closed_at")}),
    )
    readonly_fields = ("order_named", "sum", "state_badge")
    export_columns: Columns = {
        "created_at": "created_at",
        "order": "payment.order.reference",
        "booking": "payment.order.booking_reference",
        "provider": "provider",
        "provider_reference": "reference",
        "state": "state",
        "reason": "reason",
        "amount": lambda dispute: major(dispute.amount, dispute.currency),
        "currency": "currency",
        "due_at": "due_at",
        "closed_at": "closed_at",
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dispute]:
        disputes: QuerySet[Dispute] = super().get_queryset(request)
        return disputes.select_related("payment__order")

    @admin.display(description="opened (UTC)", ordering="created_at")
    def opened(self, dispute: Dispute) -> str:
        return moment(dispute.created_at)

    @admin.display(description="order")
    def order_named(self, dispute: Dispute) -> SafeString:
        return order_link(dispute.payment.order)

    @admin.display(description="amount", ordering="amount")
    def sum(self, dispute: Dispute) -> str:
        return minor(dispute.amount, dispute.currency)

    @admin.display(description="state", ordering="state")
    def state_badge(self, dispute: Dispute) -> SafeString:
        is_open = dispute.state in OPEN_DISPUTES
        won = dispute.state in {Dispute.State.WON, Dispute.State.CLOSED}
        return badge(dispute.get_state_display(), "wait" if is_open else "good" if won else "bad")

    @admin.display(description="answer until (UTC)", ordering="due_at")
    def answer_until(self, dispute: Dispute) -> str:
        is_open = dispute.state in OPEN_DISPUTES
        return moment(dispute.due_at) if is_open and dispute.due_at else ""


class Handled(Choices):
    title = "handled"
    parameter_name = "handled"
    conditions = {
        "no": ("Not yet", Q(handled_at=None)),
        "yes": ("Yes", ~Q(handled_at=None)),
    }


@admin.register(ProviderEvent)
class ProviderEventAdmin(HistoryAdmin):
    """What providers sent. Kept for 90 days, without the body."""

    path_to_order = "payment__order__"
    exact_fields = ("event_id", "object_reference")
    list_display = ("received_at", "provider", "kind", "object_reference", "order_named", "handled")
    list_display_links = None
    list_filter = (
        Handled,
        "provider",
        period_filter("received_at", "day (UTC)"),
    )
    export_columns: Columns = {
        "received_at": "received_at",
        "provider": "provider",
        "event_id": "event_id",
        "kind": "kind",
        "object_reference": "object_reference",
        "order": lambda event: event.payment.order.reference if event.payment else "",
        "created_at": "created_at",
        "handled_at": "handled_at",
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProviderEvent]:
        events: QuerySet[ProviderEvent] = super().get_queryset(request)
        return events.select_related("payment__order")

    @admin.display(description="order")
    def order_named(self, event: ProviderEvent) -> SafeString | str:
        return order_link(event.payment.order) if event.payment else ""

    @admin.display(description="handled (UTC)", ordering="handled_at")
    def handled(self, event: ProviderEvent) -> SafeString | str:
        return moment(event.handled_at) if event.handled_at else badge("Not yet", "wait")
